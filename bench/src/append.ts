/** What the embedded store takes: events gathered into commits, as the node does it, beside one commit for each event. */
import { uuidv7 } from '@hubbub/protocol/id';
import { Appender } from '@hubbub/server/core/appender';
import { History } from '@hubbub/server/core/history';
import { processEnv } from '@hubbub/server/env';
import { openSqlite } from '@hubbub/server/store/sqlite/open';
import type { Item, Store } from '@hubbub/server/store/store';
import { monotonic } from './clock.ts';
import { Gathering, type Outcome } from './findings.ts';
import { Histogram, LoopLag, round } from './histogram.ts';
import { type Figures, type Findings, medians, ratios } from './report.ts';
import { onSchedule } from './schedule.ts';
import { temporaryFolder } from './systems.ts';

const bodyBytes = 128;
export const senders = 64;
const rounds = 3;
const hotOutstanding = 256;
const quietChannels = 1_000;
const latestSendMs = 50;
const manyChannels = 10_000;
const headsCalls = 100;

export interface AppendOptions {
  readonly seconds: number;
  readonly say: (text: string) => void;
}

/** Appends one event; resolves when it is acknowledged. */
export type AppendOne = (item: Item) => Promise<void>;

interface Ways {
  readonly store: Store;
  /** As the node does it: what comes while a commit is under way goes with the next. */
  readonly gathered: AppendOne;
  /** One commit for each event, one after the other. */
  readonly single: AppendOne;
}

/** Throughput of closed loops, and what a hot channel costs the quiet ones; ways in turn, on one store. */
export async function append({ seconds, say }: AppendOptions): Promise<Findings> {
  await using undo = new AsyncDisposableStack();
  const store = await openSqlite(temporaryFolder(undo));
  undo.defer(() => store.close());
  const ways = await waysOf(store);
  const found = new Gathering('append', say);
  await closedLoops(found, ways, seconds);
  await hotAndQuiet(found, ways, seconds);
  await headsOfMany(found, ways);
  return found;
}

async function waysOf(store: Store): Promise<Ways> {
  const env = processEnv();
  const history = new History(env, store, () => {});
  await history.ask((asked) => asked.heads([]));
  const appender = new Appender(env, history, () => {});
  let last: Promise<unknown> = Promise.resolve();
  return {
    store,
    gathered: async (item) => {
      const [outcome] = await appender.append(item.channel, [item], env.now());
      if (outcome?.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
    },
    single: async (item) => {
      const mine = last.then(() => store.append([item]));
      last = mine;
      const [outcome] = (await mine).outcomes;
      if (outcome?.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
    },
  };
}

async function closedLoops(found: Gathering, ways: Ways, seconds: number): Promise<void> {
  const variants = [
    { commits: 'gathered', channels: senders, append: ways.gathered },
    { commits: 'gathered', channels: 1, append: ways.gathered },
    { commits: 'one for each event', channels: senders, append: ways.single },
  ];
  const runs = variants.map((): (Figures | undefined)[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, { commits, channels, append }] of variants.entries()) {
      const once = (): Promise<Outcome<Figures>> => closedLoop(ways.store, append, channels, seconds);
      runs[at]?.push(await found.run('hubbub', { senders, channels, commits, seconds }, once));
    }
  }
  const [many = [], one = [], single = []] = runs;
  for (const [at, { commits, channels }] of variants.entries()) {
    found.add(
      'hubbub',
      { senders, channels, commits, bodyBytes, seconds, rounds },
      medians((runs[at] ?? []).filter((run) => run !== undefined)),
    );
  }
  const names = ['eventsPerSecond', 'ackP50', 'ackP99'];
  found.add('gathered/one for each event', { senders, channels: senders }, ratios(many, single, names));
  found.add('gathered/one for each event', { senders, channels: 1 }, ratios(one, single, names));
}

/** Each sender sends its next event when the last one is acknowledged. */
async function closedLoop(store: Store, append: AppendOne, channels: number, seconds: number): Promise<Outcome<Figures>> {
  const acks = new Histogram();
  const lag = new LoopLag();
  const before = await commits(store);
  const start = monotonic();
  const end = start + seconds * 1_000;
  lag.start();
  await Promise.all(Array.from({ length: senders }, (_, at) => loop(append, `room:loop-${at % channels}`, end, acks)));
  const took = (monotonic() - start) / 1_000;
  lag.stop();
  const { count, p50, p99, p999 } = acks.times;
  const eventsPerCommit = round(count / ((await commits(store)) - before));
  const figures = { eventsPerSecond: Math.round(count / took), eventsPerCommit, ackP50: p50, ackP99: p99, ackP999: p999 };
  return { figures: { ...figures, loopDelayP99: lag.p99 } };
}

export async function loop(append: AppendOne, channel: string, end: number, acks: Histogram): Promise<void> {
  for (let now = monotonic(); now < end; ) {
    const sent = now;
    await append(item(channel));
    now = monotonic();
    acks.record(now - sent);
  }
}

async function hotAndQuiet(found: Gathering, { gathered }: Ways, seconds: number): Promise<void> {
  // Their first event makes a channel; that is not what is measured.
  await Promise.all(Array.from({ length: quietChannels }, (_, at) => gathered(item(`room:quiet-${at}`))));
  const calm: (Figures | undefined)[] = [];
  const beside: (Figures | undefined)[] = [];
  const parameters = { quietChannels, quietPerSecond: 1, bodyBytes, seconds };
  for (let round = 0; round < rounds; round++) {
    for (const [runs, hot] of [[calm, 0] as const, [beside, hotOutstanding] as const]) {
      runs.push(await found.run('hubbub', { ...parameters, hotOutstanding: hot }, () => quiet(gathered, hot, seconds)));
    }
  }
  for (const [runs, hot] of [[calm, 0] as const, [beside, hotOutstanding] as const]) {
    found.add('hubbub', { ...parameters, hotOutstanding: hot, rounds }, medians(runs.filter((run) => run !== undefined)));
  }
  found.add('beside a hot channel/calm', parameters, ratios(beside, calm, ['quietAckP50', 'quietAckP99']));
}

/** What a node asks that has lost its broker: where all of its channels stand, in one call. */
async function headsOfMany(found: Gathering, { store, gathered }: Ways): Promise<void> {
  const channels = Array.from({ length: manyChannels }, (_, at) => `room:many-${at}`);
  await Promise.all(channels.map((channel) => gathered(item(channel))));
  const calls = new Histogram();
  for (let call = 0; call < headsCalls; call++) {
    const began = monotonic();
    await store.heads(channels);
    calls.record(monotonic() - began);
  }
  found.add('hubbub', { heads: manyChannels, calls: headsCalls }, { p50: calls.times.p50, p99: calls.times.p99 });
}

/** The quiet channels' acknowledgements, each from when its event was due, beside `hot` closed loops on one other channel. */
export async function quiet(append: AppendOne, hot: number, seconds: number): Promise<Outcome<Figures>> {
  const acks = new Histogram();
  const hotAcks = new Histogram();
  const lag = new LoopLag();
  const waiting: Promise<void>[] = [];
  const end = monotonic() + seconds * 1_000;
  lag.start();
  const loops = Array.from({ length: hot }, () => loop(append, 'room:hot', end, hotAcks));
  const lateP99 = await onSchedule({ count: quietChannels * seconds, rate: quietChannels }, (due) => {
    const channel = `room:quiet-${waiting.length % quietChannels}`;
    waiting.push(append(item(channel)).then(() => acks.record(monotonic() - due)));
  });
  await Promise.all([...waiting, ...loops]);
  lag.stop();
  const { p50, p99, p999 } = acks.times;
  const hotPerSecond = Math.round(hotAcks.times.count / seconds);
  const figures = { quietAckP50: p50, quietAckP99: p99, quietAckP999: p999, hotPerSecond, sendsLateP99: lateP99, loopDelayP99: lag.p99 };
  // The hot channel's work is on the same thread, as in a node: sends that it delays count, since the times are from when each was due.
  return lateP99 > latestSendMs ? { figures, void: `the offered rate was not reached: sends were ${lateP99} ms late at p99` } : { figures };
}

export function item(channel: string): Item {
  const id = uuidv7({ now: Date.now, random: Math.random });
  return { channel, id, from: 'bench', kind: 'message', body: `"${'x'.repeat(bodyBytes - 2)}"`, counts: true };
}

/** This store's marks count its commits. */
async function commits(store: Store): Promise<number> {
  return Number((await store.heads([])).mark);
}
