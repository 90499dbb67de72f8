/** Every bound that `hello` names: at it all is well, one more is met with its code. A bound without an entry is a type error. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Code } from '@hubbub/protocol/codes';
import { type Limits, limits } from '@hubbub/protocol/limits';
import type { Grant } from '@hubbub/server/core/authority';
import { type Stage as NodeStage, nodeStage, type StageOptions, TestLink } from '@hubbub/server/core/node.fixture';
import { Peers } from '@hubbub/server/gateway/peers';
import { RawLink } from './raw-link.ts';
import { Stage } from './server-rig.ts';

const id = (number: number): string => `50000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const draft = (number: number, more: object = {}): object => ({ id: id(number), kind: 'say', body: 1, ...more });
const room = 'room:a';
const many = <Value>(count: number, make: (at: number) => Value): Value[] => Array.from({ length: count }, (_, at) => make(at));

type Outcome = Code | 'ok' | undefined;

/** A node, and somebody who may read and send everywhere. */
async function open(options: StageOptions = {}): Promise<{ stage: NodeStage; link: TestLink }> {
  const stage = await nodeStage({ mayRead: () => true, ...options });
  return { stage, link: await stage.link('ann') };
}

async function outcome(stage: NodeStage, link: TestLink, cmd: string, members: object): Promise<Outcome> {
  const req = link.say(cmd, members);
  await stage.clock.settle();
  const reply = (link.reply(req) ?? {}) as { res?: number; error?: { code: Code }; results?: { error?: { code: Code } }[] };
  return reply.error?.code ?? reply.results?.find(({ error }) => error)?.error?.code ?? (reply.res === req ? 'ok' : link.closed);
}

async function ask(cmd: string, members: object, options: StageOptions = {}): Promise<Outcome> {
  const { stage, link } = await open(options);
  return outcome(stage, link, cmd, members);
}

const send = (...events: object[]): object => ({ channel: room, events });
/** A body of so many bytes, as JSON. */
const body = (bytes: number): string => 'x'.repeat(bytes - 2);
const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
/** An event with which the authority would have this done. */
const granted = (grant: Partial<Grant>): Promise<Outcome> =>
  ask('send', send(draft(1)), { admit: async () => ({ ok: true, counts: true, ...grant }) });

/** The bytes of one frame that means something, padded with space. */
async function frameOf(bytes: number): Promise<Outcome> {
  await using stage = new Stage();
  const server = await stage.serve(stage.folder());
  using link = await RawLink.open(server.url, { name: 'ann' });
  const text = '{"req":9,"cmd":"ping"';
  link.send(`${text}${' '.repeat(bytes - text.length - 1)}}`);
  const found = await link.until(({ res }) => res === 9).catch(() => undefined);
  return found ? 'ok' : ((await link.closed).split(' ')[1] as Outcome);
}

async function fragmentsOf(count: number): Promise<Outcome> {
  await using stage = new Stage();
  const server = await stage.serve(stage.folder());
  using link = await RawLink.open(server.url, { name: 'ann' });
  const text = '{"req":9,"cmd":"ping"}';
  for (let at = 0; at < count; at++) {
    const last = at === count - 1;
    link.socket.send(last ? text.slice(at) : text.slice(at, at + 1), { fin: last });
  }
  const found = await link.until(({ res }) => res === 9).catch(() => undefined);
  return found ? 'ok' : ((await link.closed).split(' ')[1] as Outcome);
}

/** Subscriptions of one link, five hundred a command. */
async function subscriptions(count: number): Promise<Outcome> {
  const { stage, link } = await open();
  let last: Outcome;
  for (let from = 0; from < count; from += limits.channelsPerCommand) {
    const to = many(Math.min(limits.channelsPerCommand, count - from), (at) => ({ channel: `room:${from + at}` }));
    last = await outcome(stage, link, 'subscribe', { to });
    if (last !== 'ok') return last;
  }
  return last;
}

/** So many commands, none of which is answered before the last is given. */
async function inFlight(count: number): Promise<Outcome> {
  const { stage, link } = await open({ admit: () => new Promise(() => {}) });
  for (let at = 1; at < count; at++) link.say('send', { channel: `room:${at}`, events: [draft(at)] });
  return outcome(stage, link, 'ping', {});
}

async function commands(count: number): Promise<Outcome> {
  const { stage, link } = await open();
  for (let at = 1; at < count; at++) {
    link.say('ping', {});
    if (at % limits.commandsInFlight === 0) await stage.clock.settle();
  }
  await stage.clock.settle();
  return outcome(stage, link, 'ping', {});
}

async function signals(count: number, passed = 0): Promise<Outcome> {
  const { stage, link } = await open();
  await outcome(stage, link, 'subscribe', { to: [{ channel: room }] });
  let last: Outcome;
  for (let at = 0; at < limits.signalBurst; at++) last = await outcome(stage, link, 'signal', { channel: room, kind: 'typing', body: at });
  await stage.clock.pass(passed);
  for (let at = limits.signalBurst; at < count; at++)
    last = await outcome(stage, link, 'signal', { channel: room, kind: 'typing', body: at });
  return last;
}

/** Sessions that are there, and whether they are still told by name. */
async function crowd(count: number): Promise<Outcome> {
  const { stage, link } = await open({ hellos: { burst: 2_000 } });
  await outcome(stage, link, 'subscribe', { to: [{ channel: room }] });
  for (let at = 1; at < count; at++) {
    const other = await stage.link(`user${at}`);
    other.say('subscribe', { to: [{ channel: room }] });
  }
  await stage.clock.settle();
  const req = link.say('presence', { channel: room, on: true });
  await stage.clock.settle();
  return link.reply(req)?.['crowd'] === true ? 'not_supported' : 'ok';
}

/** How many users one answer about presence names. */
async function named(count: number): Promise<number> {
  const { stage, link } = await open();
  await outcome(stage, link, 'subscribe', { to: [{ channel: room }] });
  for (let at = 1; at < count; at++) (await stage.link(`user${at}`)).say('subscribe', { to: [{ channel: room }] });
  await stage.clock.settle();
  const req = link.say('presence', { channel: room, on: true });
  await stage.clock.settle();
  return ((link.reply(req) ?? { sample: [] })['sample'] as unknown[]).length;
}

function requests(count: number): Outcome {
  const peers = new Peers({ trustProxy: [], origins: [], now: () => 0 });
  const request = { headers: {}, socket: { remoteAddress: '203.0.113.7' } } as never;
  let wait = 0;
  for (let at = 0; at < count; at++) wait = peers.take(request);
  return wait === 0 ? 'ok' : 'too_fast';
}

async function quietFor(ms: number): Promise<Outcome> {
  const stage = await nodeStage();
  const link = new TestLink(() => stage.clock.env.now());
  link.sink = stage.node.attach(link);
  await stage.clock.pass(ms);
  return link.closed ?? 'ok';
}

/** Silence that begins with the first beat: two more find it, and nothing is written any more; the sixth closes. */
async function silentFor(ms: number): Promise<Outcome> {
  const { stage, link } = await open();
  link.silentSince = stage.clock.env.now();
  await stage.clock.pass(ms);
  return link.closed ?? 'ok';
}

interface Case {
  readonly at: Outcome | Promise<Outcome> | (() => Promise<unknown> | unknown);
  readonly above: () => Promise<unknown> | unknown;
  /** What one more is met with. */
  readonly code: unknown;
  /** What the bound itself is met with; left out: `ok`. */
  readonly fine?: unknown;
}

const cases: { readonly [Name in keyof Limits]: Case } = {
  frameBytes: { at: () => frameOf(limits.frameBytes), above: () => frameOf(limits.frameBytes + 1), code: 'frame_too_large' },
  fragments: { at: () => fragmentsOf(limits.fragments), above: () => fragmentsOf(limits.fragments + 1), code: 'frame_too_large' },
  bodyBytes: {
    at: () => ask('send', send(draft(1, { body: body(limits.bodyBytes) }))),
    above: () => ask('send', send(draft(1, { body: body(limits.bodyBytes + 1) }))),
    code: 'too_large',
  },
  bodyDepth: {
    // `1` has depth 0, so sixteen brackets have depth 16.
    at: () => ask('send', send(draft(1, { body: nested(limits.bodyDepth) }))),
    above: () => ask('send', send(draft(1, { body: nested(limits.bodyDepth + 1) }))),
    code: 'bad_body',
  },
  sendEvents: {
    at: () => ask('send', send(...many(limits.sendEvents, (at) => draft(at)))),
    above: () => ask('send', send(...many(limits.sendEvents + 1, (at) => draft(at)))),
    code: 'too_many',
  },
  subscriptions: { at: () => subscriptions(limits.subscriptions), above: () => subscriptions(limits.subscriptions + 1), code: 'too_many' },
  channelsPerCommand: {
    at: () => ask('subscribe', { to: many(limits.channelsPerCommand, (at) => ({ channel: `room:${at}` })) }),
    above: () => ask('subscribe', { to: many(limits.channelsPerCommand + 1, (at) => ({ channel: `room:${at}` })) }),
    code: 'too_many',
  },
  commandsInFlight: { at: () => inFlight(limits.commandsInFlight), above: () => inFlight(limits.commandsInFlight + 1), code: 'too_many' },
  commandBurst: { at: () => commands(limits.commandBurst), above: () => commands(limits.commandBurst + 1), code: 'too_fast' },
  commandsPerSecond: {
    // After a second of quiet so many more.
    at: async () => later(limits.commandsPerSecond),
    above: async () => later(limits.commandsPerSecond + 1),
    code: 'too_fast',
  },
  historyEvents: {
    at: () => ask('history', { channel: room, limit: limits.historyEvents }),
    above: () => ask('history', { channel: room, limit: limits.historyEvents + 1 }),
    code: 'bad_command',
  },
  factsPage: {
    at: () => ask('facts', { channel: room, limit: limits.factsPage }),
    above: () => ask('facts', { channel: room, limit: limits.factsPage + 1 }),
    code: 'bad_command',
  },
  signalBytes: {
    at: () => signalOf(limits.signalBytes),
    above: () => signalOf(limits.signalBytes + 1),
    code: 'too_large',
  },
  signalBurst: { at: () => signals(limits.signalBurst), above: () => signals(limits.signalBurst + 1), code: 'too_fast' },
  signalsPerSecond: {
    at: () => signals(limits.signalBurst + limits.signalsPerSecond, 1_000),
    above: () => signals(limits.signalBurst + limits.signalsPerSecond + 1, 1_000),
    code: 'too_fast',
  },
  presencePage: {
    at: () => named(limits.presencePage),
    fine: limits.presencePage,
    above: () => named(limits.presencePage + 1),
    code: limits.presencePage,
  },
  presenceSessions: { at: () => crowd(limits.presenceSessions), above: () => crowd(limits.presenceSessions + 1), code: 'not_supported' },
  facts: {
    at: () => granted({ facts: many(limits.facts, (at) => ({ key: `k${at}`, value: '1' })) }),
    above: () => granted({ facts: many(limits.facts + 1, (at) => ({ key: `k${at}`, value: '1' })) }),
    code: 'not_stored',
  },
  requires: {
    at: () => granted({ requires: many(limits.requires, (at) => ({ key: `k${at}`, value: null })) }),
    above: () => granted({ requires: many(limits.requires + 1, (at) => ({ key: `k${at}`, value: null })) }),
    code: 'not_stored',
  },
  concerns: {
    at: () => granted({ concerns: many(limits.concerns, (at) => `user${at}`) }),
    above: () => granted({ concerns: many(limits.concerns + 1, (at) => `user${at}`) }),
    code: 'not_stored',
  },
  empties: {
    at: () => emptying(limits.empties),
    above: () => emptying(limits.empties + 1),
    code: 'not_stored',
  },
  factKeyBytes: {
    at: () => granted({ facts: [{ key: 'k'.repeat(limits.factKeyBytes), value: '1' }] }),
    above: () => granted({ facts: [{ key: 'k'.repeat(limits.factKeyBytes + 1), value: '1' }] }),
    code: 'not_stored',
  },
  factValueBytes: {
    at: () => granted({ facts: [{ key: 'k', value: JSON.stringify(body(limits.factValueBytes)) }] }),
    above: () => granted({ facts: [{ key: 'k', value: JSON.stringify(body(limits.factValueBytes + 1)) }] }),
    code: 'not_stored',
  },
  requestBurst: { at: () => requests(limits.requestBurst), above: () => requests(limits.requestBurst + 1), code: 'too_fast' },
  requestsPerSecond: {
    at: () => steady(1_000 / limits.requestsPerSecond),
    above: () => steady(999 / limits.requestsPerSecond),
    code: 'too_fast',
  },
  helloMs: { at: () => quietFor(limits.helloMs - 1), above: () => quietFor(limits.helloMs), code: 'hello_timeout' },
  heartbeatMs: { at: () => silentFor(5 * limits.heartbeatMs), above: () => silentFor(7 * limits.heartbeatMs), code: 'silent' },
};

async function signalOf(bytes: number): Promise<Outcome> {
  const { stage, link } = await open();
  await outcome(stage, link, 'subscribe', { to: [{ channel: room }] });
  return outcome(stage, link, 'signal', { channel: room, kind: 'typing', body: body(bytes) });
}

/** Commands after the burst and a second of quiet. */
async function later(count: number): Promise<Outcome> {
  const { stage, link } = await open();
  let last: Outcome;
  for (let at = 0; at < limits.commandBurst; at++) {
    link.say('ping', {});
    if (at % limits.commandsInFlight === 0) await stage.clock.settle();
  }
  await stage.clock.settle();
  await stage.clock.pass(1_000);
  for (let at = 0; at < count; at++) last = await outcome(stage, link, 'ping', {});
  return last;
}

async function emptying(count: number): Promise<Outcome> {
  let nth = 0;
  const { stage, link } = await open({
    admit: async () => {
      nth += 1;
      return { ok: true, counts: true, ...(nth > count && { empties: many(count, (at) => at + 1) }) };
    },
  });
  for (let from = 1; from <= count; from += limits.sendEvents) {
    await outcome(stage, link, 'send', send(...many(Math.min(limits.sendEvents, count - from + 1), (at) => draft(from + at))));
  }
  return outcome(stage, link, 'send', send(draft(9_999)));
}

/** Whether requests at this distance, in milliseconds, go on for ever behind the burst. */
function steady(distance: number): Outcome {
  let now = 0;
  const peers = new Peers({ trustProxy: [], origins: [], now: () => now });
  const request = { headers: {}, socket: { remoteAddress: '203.0.113.7' } } as never;
  for (let at = 0; at < limits.requestBurst; at++) peers.take(request);
  for (let at = 0; at < 5_000; at++) {
    now += distance;
    if (peers.take(request) > 0) return 'too_fast';
  }
  return 'ok';
}

describe('limits', () => {
  for (const [name, { at, above, code, fine = 'ok' }] of Object.entries(cases)) {
    it(`${name}: at it ${fine}, one more ${code}`, async () => {
      assert.equal(await (typeof at === 'function' ? at() : at), fine);
      assert.equal(await above(), code);
    });
  }
});
