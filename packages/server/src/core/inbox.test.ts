import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Store, StoreError } from '../store/store.ts';
import { blind, nodeStage, type Stage, type TestLink } from './node.fixture.ts';

/** What the link's inbox shows, by the rules of the protocol. */
class Seen {
  readonly channels = new Map<string, string>();
  readonly pushes: Record<string, unknown>[] = [];
  readonly #link: TestLink;

  constructor(link: TestLink) {
    this.#link = link;
  }

  get now(): Record<string, string> {
    for (const push of this.#link.take('inbox')) {
      this.pushes.push(push);
      if (push['whole']) this.channels.clear();
      for (const { channel, head, n } of push['channels'] as { channel: string; head: number; n: number }[])
        this.channels.set(channel, `${head} ${n}`);
      for (const channel of (push['gone'] ?? []) as string[]) this.channels.delete(channel);
    }
    return Object.fromEntries(this.channels);
  }
}

async function open(stage: Stage, user: string): Promise<{ link: TestLink; seen: Seen }> {
  const link = await stage.link(user);
  const req = link.say('inbox', { on: true });
  await stage.clock.settle();
  assert.ok(link.reply(req), 'answered');
  return { link, seen: new Seen(link) };
}

describe('inbox', () => {
  it('P37 tells all that is mine behind the reply, and nothing else', async () => {
    const stage = await nodeStage();
    stage.join('room:a', 'ann');
    stage.append('room:a');
    stage.join('room:b', 'anna');
    stage.join('room:c', 'ann');
    stage.leave('room:c', 'ann');
    const { link, seen } = await open(stage, 'ann');
    assert.deepEqual(seen.now, { 'room:a': '2 1' });
    const [push] = seen.pushes;
    assert.deepEqual([push?.['whole'], push?.['more'], push?.['epoch']], [true, undefined, stage.data.epoch]);
    assert.equal(link.closed, undefined);
  });

  it('takes no name for another that begins with it', async () => {
    const stage = await nodeStage({ mayRead: () => true });
    stage.join('room:a', 'ann');
    stage.join('room:b', 'anna');
    const { seen } = await open(stage, 'ann');
    assert.deepEqual(seen.now, { 'room:a': '1 0' });
  });

  it('shows a member nothing of what he may not read', async () => {
    const closed = new Set<string>();
    const stage = await nodeStage({ mayRead: (_user, channel) => !closed.has(channel) });
    for (const room of ['a', 'b']) stage.join(`room:${room}`, 'ann');
    closed.add('room:b');
    const { seen } = await open(stage, 'ann');
    assert.deepEqual(seen.now, { 'room:a': '1 0' });
    closed.add('room:a');
    stage.append('room:a', { concerns: ['*'] });
    await stage.clock.pass(1_500);
    assert.deepEqual(seen.now, {});
  });

  it('P38 tells what moves at most once a second, however much moved, and within 1.5 s', async () => {
    const stage = await nodeStage();
    for (const room of ['a', 'b']) stage.join(`room:${room}`, 'ann');
    const { seen } = await open(stage, 'ann');
    void seen.now;
    const before = seen.pushes.length;
    const late: number[] = [];
    for (let step = 0; step < 50; step++) {
      stage.append('room:a');
      await stage.clock.pass(100);
      if (step % 10 === 9) stage.append('room:b');
      const shown = Number(seen.now['room:a']?.split(' ')[0]);
      late.push(2 + step - shown);
    }
    assert.ok(Math.max(...late) <= 15, `${Math.max(...late)} of a channel with ten a second: 1.5 s`);
    assert.ok(seen.pushes.length - before <= 6, `${seen.pushes.length - before} pushes in 5 s`);
    await stage.clock.pass(1_500);
    assert.deepEqual(seen.now, { 'room:a': '51 50', 'room:b': '6 5' });
  });

  it('follows membership: what becomes mine comes, what is no longer mine goes', async () => {
    const stage = await nodeStage();
    const { seen } = await open(stage, 'ann');
    assert.deepEqual(seen.now, {});
    stage.join('room:a', 'ann');
    await stage.clock.pass(1_500);
    assert.deepEqual(seen.now, { 'room:a': '1 0' });
    stage.leave('room:a', 'ann');
    stage.append('room:a');
    await stage.clock.pass(1_500);
    assert.deepEqual(seen.now, {});
    assert.deepEqual(seen.pushes.at(-1)?.['gone'], ['room:a']);
    stage.append('room:a');
    const told = seen.pushes.length;
    await stage.clock.pass(3_000);
    assert.deepEqual(seen.now, {});
    assert.equal(seen.pushes.length, told, 'of what is not mine nothing is said');
  });

  it('I7 takes everything from who is banned, from a second after it on', async () => {
    const stage = await nodeStage();
    stage.join('room:a', 'ann');
    const { seen } = await open(stage, 'ann');
    assert.deepEqual(seen.now, { 'room:a': '1 0' });
    stage.append('user:ann', { facts: [{ key: 'banned', value: 'true' }], concerns: ['ann'] });
    await stage.clock.pass(1_000);
    assert.deepEqual(seen.now, {});
    stage.append('room:a');
    await stage.clock.pass(2_000);
    assert.deepEqual(seen.now, {});
    stage.append('user:ann', { facts: [{ key: 'banned', value: null }], concerns: ['ann'] });
    await stage.clock.pass(1_500);
    assert.deepEqual(seen.now, { 'room:a': '2 1' });
  });

  it('pages: 500 channels a push, and waits where the link is full', async () => {
    const stage = await nodeStage();
    for (let at = 0; at < 1_200; at++) stage.join(`room:${at}`, 'ann');
    const link = await stage.link('ann');
    link.full = true;
    link.say('inbox', { on: true });
    await stage.clock.pass(2_000);
    assert.deepEqual(link.take('inbox'), []);
    link.full = false;
    link.sink?.onRoom();
    const pushes = link.take('inbox');
    assert.deepEqual(
      pushes.map((push) => [(push['channels'] as unknown[]).length, push['whole'], push['more']]),
      [
        [500, true, true],
        [500, undefined, true],
        [200, undefined, undefined],
      ],
    );
  });

  it('is read once for all links of a user, asks in lists, and leaves nothing behind', async () => {
    const reads: string[] = [];
    const counting = (store: Store): Store => ({
      ...store,
      facts: (query, ...rest) => {
        if ('with' in query) reads.push(query.with);
        else if ('pairs' in query && query.pairs.length > 1) reads.push('list');
        return store.facts(query, ...rest);
      },
    });
    const stage = await nodeStage({ meddle: counting });
    for (const room of ['a', 'b']) for (const user of ['ann', 'ben']) stage.join(`room:${room}`, user);
    const first = await open(stage, 'ann');
    const second = await open(stage, 'ann');
    const other = await open(stage, 'ben');
    assert.deepEqual(reads, ['member:ann', 'member:ben']);
    for (const room of ['a', 'b']) stage.append(`room:${room}`, { concerns: ['ann', 'ben'] });
    await stage.clock.pass(1_500);
    assert.deepEqual(reads.slice(2), ['list'], 'four doubts, one question');
    for (const { seen } of [first, second, other]) assert.deepEqual(seen.now, { 'room:a': '3 1', 'room:b': '3 1' });
    assert.equal(stage.node.status().inboxChannels, 2);
    for (const { link } of [first, second]) link.sink?.onClosed();
    assert.equal(stage.node.status().inboxChannels, 2);
    other.link.say('inbox', { on: false });
    await stage.clock.settle();
    assert.equal(stage.node.status().inboxChannels, 0);
    stage.append('room:a');
    await stage.clock.pass(2_000);
    assert.deepEqual(other.link.take('inbox'), []);
  });

  it('I10 refuses where the store fails at first, and asks on where it fails later; nothing in doubt is told meanwhile', async () => {
    const state = { failing: false };
    const failing = (store: Store): Store => ({
      ...store,
      facts: (...given) => (state.failing ? Promise.reject(new StoreError('unavailable', 'not now')) : store.facts(...given)),
    });
    const stage = await nodeStage({ meddle: failing });
    for (const room of ['a', 'b']) stage.join(`room:${room}`, 'ann');
    state.failing = true;
    const link = await stage.link('ann');
    const req = link.say('inbox', { on: true });
    await stage.clock.settle();
    assert.equal(link.refusal(req), 'unavailable');
    assert.equal(stage.node.status().inboxChannels, 0);
    state.failing = false;
    const { seen } = await open(stage, 'ann');
    assert.deepEqual(seen.now, { 'room:a': '1 0', 'room:b': '1 0' });
    // The look has found the joining by then, and nothing is in doubt.
    await stage.clock.pass(1_000);
    state.failing = true;
    stage.leave('room:a', 'ann');
    await stage.clock.pass(1_000);
    for (const room of ['a', 'b']) stage.append(`room:${room}`);
    await stage.clock.pass(5_000);
    assert.deepEqual(seen.now, { 'room:a': '1 0', 'room:b': '2 1' }, 'one is in doubt, the other is not');
    state.failing = false;
    await stage.clock.pass(3_500);
    assert.deepEqual(seen.now, { 'room:b': '2 1' });
  });

  it('asks again where it is concerned again while it is asked', async () => {
    let wait: Promise<void> | undefined;
    const slow = (store: Store): Store => ({
      ...store,
      facts: async (query, ...rest) => {
        const answer = await store.facts(query, ...rest);
        if ('pairs' in query) await wait;
        return answer;
      },
    });
    const stage = await nodeStage({ meddle: slow, mayRead: () => true });
    stage.join('room:a', 'ann');
    const { seen } = await open(stage, 'ann');
    assert.deepEqual(seen.now, { 'room:a': '1 0' });
    const { promise, resolve } = Promise.withResolvers<void>();
    wait = promise;
    stage.append('room:a', { concerns: ['ann'] });
    await stage.clock.pass(600);
    // The answer that is on its way says member.
    stage.leave('room:a', 'ann');
    await stage.clock.pass(600);
    wait = undefined;
    resolve();
    await stage.clock.pass(1_500);
    assert.deepEqual(seen.now, {});
  });

  it('I8 keeps nothing of what it was reading anew when all left, if that fails', async () => {
    let wait: Promise<void> | undefined;
    const failing = (store: Store): Store => ({
      ...store,
      facts: async (...given) => {
        await wait;
        return store.facts(...given);
      },
      heads: (channels) => (wait === undefined ? store.heads(channels) : Promise.reject(new StoreError('unavailable', 'not now'))),
    });
    const stage = await nodeStage({ meddle: failing, mayRead: () => true });
    stage.join('room:a', 'ann');
    const { link } = await open(stage, 'ann');
    await stage.clock.pass(600);
    const { promise, resolve } = Promise.withResolvers<void>();
    wait = promise;
    stage.append('user:ann', { concerns: ['ann'] });
    await stage.clock.pass(600);
    link.sink?.onClosed();
    resolve();
    await stage.clock.pass(5_000);
    assert.equal(stage.node.status().inboxChannels, 0);
  });

  it('tells all of it anew in a new epoch, with its name', async () => {
    const stage = await nodeStage();
    stage.join('room:a', 'ann');
    const { seen } = await open(stage, 'ann');
    const copy = stage.data.snapshot();
    for (let more = 0; more < 5; more++) stage.append('room:a');
    await stage.clock.pass(1_500);
    assert.deepEqual(seen.now, { 'room:a': '6 5' });
    const before = stage.data.epoch;
    stage.data.restore(copy);
    await stage.clock.pass(4_000);
    assert.notEqual(stage.data.epoch, before);
    assert.deepEqual(seen.now, { 'room:a': '1 0' });
    const last = seen.pushes.findLast(({ whole }) => whole);
    assert.equal(last?.['epoch'], stage.data.epoch);
  });

  it('I3 misses nothing that moves in a new epoch before it has been looked at for the first time', async () => {
    let wait: Promise<void> | undefined;
    const slow = (store: Store): Store => ({
      ...store,
      moved: async (since, ...rest) => {
        if (since === undefined) await wait;
        return store.moved(since, ...rest);
      },
    });
    const stage = await nodeStage({ meddle: slow });
    stage.join('room:a', 'ann');
    const { seen } = await open(stage, 'ann');
    const copy = stage.data.snapshot();
    stage.append('room:a');
    await stage.clock.pass(1_600);
    const { promise, resolve } = Promise.withResolvers<void>();
    wait = promise;
    stage.data.restore(copy);
    await stage.clock.pass(900);
    assert.equal(seen.now['room:a'], '2 1', 'the node is held: nothing has been looked at');
    stage.append('room:a');
    resolve();
    await stage.clock.pass(1_600);
    assert.deepEqual(seen.now, { 'room:a': '2 1' });
  });

  it('tells nothing while the node is held', async () => {
    const state = { failing: false };
    const stage = await nodeStage({ meddle: blind(state) });
    stage.join('room:a', 'ann');
    const link = await stage.link('ann');
    link.full = true;
    link.say('inbox', { on: true });
    await stage.clock.settle();
    state.failing = true;
    await stage.clock.pass(1_200);
    assert.equal(stage.node.status().held, true);
    link.full = false;
    link.sink?.onRoom();
    assert.deepEqual(link.take('inbox'), []);
    const req = link.say('inbox', { on: true });
    await stage.clock.settle();
    assert.equal(link.refusal(req), 'unavailable');
    state.failing = false;
    await stage.clock.pass(600);
    link.say('inbox', { on: true });
    await stage.clock.settle();
    assert.deepEqual(new Seen(link).now, { 'room:a': '1 0' });
  });
});
