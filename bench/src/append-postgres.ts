/** What PostgreSQL takes: events gathered into batches, as nodes do it, beside a transaction for each event, and beside what a commit takes there. */
import { startPostgres } from '@hubbub/rig/servers/postgres';
import { Appender } from '@hubbub/server/core/appender';
import { History } from '@hubbub/server/core/history';
import { processEnv } from '@hubbub/server/env';
import { openPostgres } from '@hubbub/server/store/postgres/open';
import type { Store } from '@hubbub/server/store/store';
import postgres from 'postgres';
import { type AppendOne, type AppendOptions, loop, quiet, senders } from './append.ts';
import { monotonic } from './clock.ts';
import { Gathering, type Outcome } from './findings.ts';
import { Histogram } from './histogram.ts';
import { type Figures, type Findings, medians, ratios } from './report.ts';

const rounds = 3;
const connections = 64;
const nodes = 8;
/** On all nodes together, on one channel that all have in common. */
const hotOutstanding = 256;

/** Throughput of closed loops on one node, then what a channel that is hot on eight nodes costs the others. */
export async function appendPostgres({ seconds, say }: AppendOptions): Promise<Findings> {
  await using undo = new AsyncDisposableStack();
  const server = undo.use(await startPostgres({ settings: { max_connections: '300' } }));
  const open = async (): Promise<Store> => {
    const store = await openPostgres({ url: server.url, schema: 'bench', settleMs: 0 });
    undo.defer(() => store.close());
    return store;
  };
  const found = new Gathering('append-postgres', say);
  const [first, ...others] = await Promise.all(Array.from({ length: connections }, open));
  if (!first) throw new Error('no store');
  const single = await singly([first, ...others]);
  const variants = [
    { commits: 'gathered', channels: senders, append: await gathering(first, true) },
    { commits: 'gathered', channels: 1, append: await gathering(first, true) },
    { commits: `one for each event, over ${connections} connections`, channels: senders, append: single },
  ];
  const runs = variants.map((): (Figures | undefined)[] => []);
  const bare: (Figures | undefined)[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [at, { commits, channels, append }] of variants.entries()) {
      runs[at]?.push(await found.run('hubbub', { senders, channels, commits, seconds }, () => closedLoops(append, channels, seconds)));
    }
    bare.push(await found.run('postgres', { commit: 'one row, one connection', seconds }, () => bareCommits(server.url, seconds)));
  }
  const kept = (some: readonly (Figures | undefined)[] | undefined): Figures[] => (some ?? []).filter((run) => run !== undefined);
  for (const [at, { commits, channels }] of variants.entries())
    found.add('hubbub', { senders, channels, commits, seconds, rounds }, medians(kept(runs[at])));
  found.add('postgres', { commit: 'one row, one connection', seconds, rounds }, medians(kept(bare)));
  const names = ['eventsPerSecond', 'ackP50', 'ackP99'];
  found.add('gathered/one for each event', { senders, channels: senders }, ratios(runs[0] ?? [], runs[2] ?? [], names));
  found.add('gathered/one for each event', { senders, channels: 1 }, ratios(runs[1] ?? [], runs[2] ?? [], names));
  found.add('gathered/a commit', { senders, channels: senders }, ratios(runs[0] ?? [], bare, ['ackP50', 'ackP99']));
  await hotOnAll(found, [first, ...others].slice(0, nodes), seconds);
  return found;
}

/** As a node does it. `passing`: what another node holds is passed by; else waited for, in the middle of the batch. */
async function gathering(store: Store, passing: boolean): Promise<AppendOne> {
  const env = processEnv();
  const plain: Store = {
    ...{ cluster: store.cluster, powers: store.powers },
    append: (items, may = false) => store.append(items, may && passing),
    read: (...given) => store.read(...given),
    heads: (channels) => store.heads(channels),
    moved: (...given) => store.moved(...given),
    facts: (...given) => store.facts(...given),
    trim: (...given) => store.trim(...given),
    close: () => store.close(),
  };
  const history = new History(env, plain, () => {});
  await history.ask((asked) => asked.heads([]));
  const appender = new Appender(env, history, () => {});
  return async (one) => {
    const [outcome] = await appender.append(one.channel, [one], env.now());
    if (outcome?.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
  };
}

/** A transaction for each event, each sender on a connection of its own. */
async function singly(stores: readonly Store[]): Promise<AppendOne> {
  let next = 0;
  return async (one) => {
    next += 1;
    const store = stores[Number(/\d+$/.exec(one.channel)?.[0] ?? next) % stores.length];
    const outcome = (await store?.append([one], false))?.outcomes[0];
    if (outcome?.status !== 'committed') throw new Error(`not committed: ${JSON.stringify(outcome)}`);
  };
}

async function closedLoops(append: AppendOne, channels: number, seconds: number): Promise<Outcome<Figures>> {
  const acks = new Histogram();
  const start = monotonic();
  const end = start + seconds * 1_000;
  await Promise.all(Array.from({ length: senders }, (_, at) => loop(append, `room:loop-${at % channels}`, end, acks)));
  const took = (monotonic() - start) / 1_000;
  const { count, p50, p99, p999 } = acks.times;
  return { figures: { eventsPerSecond: Math.round(count / took), ackP50: p50, ackP99: p99, ackP999: p999 } };
}

/** The server's own commit: the smallest there is, one after the other. */
async function bareCommits(url: string, seconds: number): Promise<Outcome<Figures>> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql`CREATE TABLE IF NOT EXISTS bare (id bigint)`;
    const acks = new Histogram();
    for (const end = monotonic() + seconds * 1_000; ; ) {
      const began = monotonic();
      if (began >= end) break;
      await sql`INSERT INTO bare VALUES (1)`;
      acks.record(monotonic() - began);
    }
    const { count, p50, p99 } = acks.times;
    return { figures: { eventsPerSecond: Math.round(count / seconds), ackP50: p50, ackP99: p99 } };
  } finally {
    await sql.end();
  }
}

/** Quiet channels on eight nodes, with and without a channel that is hot on all of them; passing it by, and waiting for it. */
async function hotOnAll(found: Gathering, stores: readonly Store[], seconds: number): Promise<void> {
  const ways = [
    { locks: 'passed by', appends: await Promise.all(stores.map((store) => gathering(store, true))) },
    { locks: 'waited for', appends: await Promise.all(stores.map((store) => gathering(store, false))) },
  ];
  const runs = new Map<string, (Figures | undefined)[]>();
  const parameters = { nodes, quietPerSecond: 1, seconds };
  for (let round = 0; round < rounds; round++) {
    for (const { locks, appends } of ways) {
      let turn = 0;
      const onSome: AppendOne = async (one) => {
        turn = (turn + 1) % appends.length;
        // A quiet channel is one node's; the hot one is everybody's.
        const node = /quiet-(\d+)$/.exec(one.channel)?.[1] ?? turn;
        return appends[Number(node) % appends.length]?.(one);
      };
      for (const hot of [0, hotOutstanding]) {
        const key = `${locks} ${hot}`;
        const figures = await found.run('hubbub', { ...parameters, locks, hotOutstanding: hot }, () => quiet(onSome, hot, seconds));
        runs.set(key, [...(runs.get(key) ?? []), figures]);
      }
    }
  }
  for (const { locks } of ways) {
    for (const hot of [0, hotOutstanding]) {
      const kept = (runs.get(`${locks} ${hot}`) ?? []).filter((run) => run !== undefined);
      found.add('hubbub', { ...parameters, locks, hotOutstanding: hot, rounds }, medians(kept));
    }
    const [beside = [], calm = []] = [runs.get(`${locks} ${hotOutstanding}`), runs.get(`${locks} 0`)];
    found.add('beside a hot channel/calm', { ...parameters, locks }, ratios(beside, calm, ['quietAckP50', 'quietAckP99']));
  }
}
