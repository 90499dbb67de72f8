import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryData } from '../store/memory/data.ts';
import { openMemory } from '../store/memory/memory.ts';
import { type Store, StoreError } from '../store/store.ts';
import { Channel } from './channel.ts';
import { Clock } from './clock.fixture.ts';
import { Flights } from './flight.ts';
import { History } from './history.ts';
import { Pull } from './pull.ts';
import { Subscription } from './subscription.ts';
import { TailBudget } from './tail.ts';
import type { Frame } from './transport.ts';

/** One reader from 0 of a channel with `events` events of `size` bytes, and a link that takes all it is given. */
function stage(events: number, size = 10) {
  const clock = new Clock();
  const data = createMemoryData({ now: () => 1, random: () => 0.3 });
  for (let at = 1; at <= events; at++) {
    const id = `00000000-0000-7000-8000-${String(at).padStart(12, '0')}`;
    data.append([{ channel: 'room:a', id, from: 'ann', kind: 'say', body: JSON.stringify('x'.repeat(size)), counts: true }]);
  }
  const inner = openMemory(data);
  const state = { failing: 0, reads: 0, held: false };
  const store: Store = {
    ...inner,
    read: async (channel, range, limit) => {
      state.reads += 1;
      if (state.failing > 0) {
        state.failing -= 1;
        throw new StoreError('unavailable', 'not now');
      }
      return inner.read(channel, range, limit);
    },
  };
  const history = new History(clock.env, store, () => {});
  const flights = new Flights(clock.env, history, () => {});
  const channel = new Channel('room:a', clock.env, new TailBudget(), { advanced: () => {}, missing: () => {}, concerned: () => {} });
  channel.begin(data.log('room:a').standing);
  const frames: Frame[] = [];
  const pull: Pull = new Pull(
    { env: clock.env, flights, history, held: () => state.held },
    {
      live: (subscription) => {
        subscription.state = 'live';
      },
      held: () => {},
      concern: () => {},
      trimmed: () => {},
      behind: (subscription) => {
        pull.add(subscription);
        pump();
      },
      ready: () => pump(),
    },
  );
  const pump = (): void => {
    for (let taken = pull.take(64 * 1_024); taken.length > 0; taken = pull.take(64 * 1_024)) frames.push(...taken);
  };
  const feed = { outlet: { flush: () => {} }, offer: () => false, due: () => {}, concern: () => {}, signal: () => 'not_for_it' as const };
  const subscription = new Subscription(channel, 'ben', feed);
  subscription.state = 'behind';
  pull.add(subscription);
  const offsets = (): number[] =>
    frames.flatMap(({ text }) => (JSON.parse(text) as { events: { offset: number }[] }).events.map(({ offset }) => offset));
  return { clock, data, pull, pump, subscription, frames, offsets, state };
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1);

describe('pulling', () => {
  it('I3 reads on to the head, block by block, and is live there', async () => {
    const { clock, pump, subscription, offsets, state } = stage(300);
    pump();
    await clock.settle();
    assert.deepEqual(offsets(), upTo(300));
    assert.deepEqual([subscription.state, subscription.cursor, state.reads], ['live', 300, 3]);
  });

  it('cuts pages at 32 KiB and at blocks, and one event of the largest body always fits', async () => {
    const { clock, pump, frames, offsets } = stage(140, 16_000);
    pump();
    await clock.settle();
    await clock.settle();
    for (let turn = 0; turn < 40; turn++) await clock.settle();
    assert.deepEqual(offsets(), upTo(140));
    assert.ok(frames.every(({ bytes }) => bytes <= 33 * 1_024));
    assert.ok(frames.length >= 70);
  });

  it('I10 a read that fails is tried again, ever later, and nothing is lost or given twice', async () => {
    const { clock, pump, subscription, offsets, state } = stage(300);
    state.failing = 4;
    pump();
    await clock.pass(99);
    assert.equal(state.reads, 1);
    await clock.pass(1);
    assert.equal(state.reads, 2);
    await clock.pass(199);
    assert.equal(state.reads, 2);
    await clock.pass(5_000);
    assert.deepEqual(offsets(), upTo(300));
    assert.equal(subscription.state, 'live');
  });

  it('I7 gives nothing while the node holds', async () => {
    const { clock, pump, offsets, state } = stage(5);
    state.held = true;
    pump();
    await clock.pass(2_000);
    assert.deepEqual([offsets(), state.reads], [[], 0]);
    state.held = false;
    pump();
    await clock.settle();
    assert.deepEqual(offsets(), upTo(5));
  });

  it('a subscription that ended while its read was under way gets none of it', async () => {
    const { clock, pump, pull, subscription, offsets } = stage(5);
    pump();
    subscription.state = 'gone';
    pull.remove(subscription);
    await clock.settle();
    assert.deepEqual([offsets(), pull.waiting], [[], false]);
  });
});
