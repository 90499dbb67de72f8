import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Channel, type Listener } from './channel.ts';
import { Clock } from './clock.fixture.ts';
import { Fanout } from './fanout.ts';
import { TailBudget } from './tail.ts';

/** A link whose every flush takes the clock so many milliseconds. */
class TestLink {
  /** What each flush let go: the channels' ends, in order. */
  readonly writes: string[] = [];
  readonly at: number[] = [];
  unsent: string[] = [];
  readonly #clock: Clock;
  readonly #cost: number;

  constructor(clock: Clock, cost: number) {
    this.#clock = clock;
    this.#cost = cost;
  }

  flush(): void {
    if (this.unsent.length === 0) return;
    this.#clock.spend(this.#cost);
    this.writes.push(this.unsent.join(' '));
    this.at.push(this.#clock.env.now());
    this.unsent = [];
  }
}

function stage() {
  const clock = new Clock();
  const state = { held: false, ids: 0, turns: 0 };
  const env = {
    ...clock.env,
    turn: (run: () => void): void => {
      clock.env.turn(() => {
        state.turns += 1;
        run();
      });
    },
  };
  const fanout = new Fanout({ env, epoch: () => 'e', held: () => state.held });
  const budget = new TailBudget();
  const channel = (name: string): Channel => {
    const made = new Channel(name, env, budget, {
      advanced: (advanced) => fanout.advanced(advanced),
      missing: () => {},
      concerned: () => {},
    });
    made.begin({ head: 0, n: 0, first: 1 });
    return made;
  };
  const links = (count: number, cost: number): TestLink[] => Array.from({ length: count }, () => new TestLink(clock, cost));
  const listen = (to: Channel, outlets: readonly TestLink[]): void => {
    for (const outlet of outlets) to.listeners.add(listener(to, outlet));
  };
  const event = (to: Channel): void => {
    state.ids += 1;
    const id = `00000000-0000-7000-8000-${String(state.ids).padStart(12, '0')}`;
    const offset = to.head + 1;
    to.ring(offset, [{ header: { offset, n: offset, ts: 1, id, from: 'ann', kind: 'say' }, body: '{}' }]);
  };
  return { clock, fanout, state, channel, links, listen, event };
}

/** Stands wherever its channel's frames end. */
function listener(channel: Channel, outlet: TestLink): Listener {
  return {
    user: 'ben',
    live: true,
    outlet,
    offer: (_frame, start, end, now) => {
      outlet.unsent.push(`${channel.name} ${start + 1}-${end}`);
      if (now) outlet.flush();
      return true;
    },
    due: () => outlet.unsent.push(`${channel.name} due`),
    concern: () => {},
    signal: () => 'not_for_it',
  };
}

describe('fan-out', () => {
  it('lets channels that are due in one turn leave in one write a link, each link once', async () => {
    const { clock, channel, links, listen, event } = stage();
    const [a, b] = [channel('room:a'), channel('room:b')];
    const readers = links(40, 0);
    listen(a, readers);
    listen(b, [...readers].reverse());
    event(a);
    event(b);
    event(a);
    await clock.settle();
    for (const { writes } of readers) assert.deepEqual(writes, ['room:a 1-2 room:b 1-1']);
  });

  it('sends the first after quiet in the next turn, without time', async () => {
    const { clock, state, channel, links, listen, event } = stage();
    const a = channel('room:a');
    const readers = links(10, 0);
    listen(a, readers);
    const began = clock.env.now();
    event(a);
    await clock.settle();
    assert.equal(state.turns, 1);
    for (const { at } of readers) assert.deepEqual(at, [began]);
  });

  it('counts what its writes take: the next fan-out rests three times as long, and what comes meanwhile is one frame', async () => {
    const { clock, channel, links, listen, event } = stage();
    const a = channel('room:a');
    const readers = links(4, 1);
    listen(a, readers);
    event(a);
    await clock.settle();
    const ended = clock.env.now();
    for (let more = 0; more < 5; more++) event(a);
    await clock.pass(11);
    assert.deepEqual(readers[0]?.writes, ['room:a 1-1'], 'it rests 12 ms');
    await clock.pass(2);
    assert.deepEqual(readers[0]?.writes, ['room:a 1-1', 'room:a 2-6']);
    assert.equal(readers[0]?.at[1], ended + 12 + 1);
  });

  it('rests 16 ms at most, 50 above 5,000 readers', async () => {
    for (const [count, cost, longest] of [
      [100, 1, 16],
      [5_001, 0.02, 50],
    ] as const) {
      const { clock, channel, links, listen, event } = stage();
      const a = channel('room:a');
      const readers = links(count, cost);
      listen(a, readers);
      event(a);
      await clock.pass(0);
      while (readers.at(-1)?.writes.length === 0) await clock.settle();
      event(a);
      await clock.pass(longest - 1);
      assert.equal(readers[0]?.writes.length, 1);
      await clock.pass(2);
      assert.equal(readers[0]?.writes.length, 2);
    }
  });

  it('gives the loop back after 5 ms of writing, and goes on in the next turn', async () => {
    const { clock, state, channel, links, listen, event } = stage();
    const a = channel('room:a');
    const readers = links(64, 0.5);
    listen(a, readers);
    event(a);
    while (readers.at(-1)?.writes.length === 0) await clock.settle();
    // 16 links are 8 ms: the clock is looked at after as many.
    assert.equal(state.turns, 5, 'four slices, and one that finds the end');
  });

  it('does not let a channel of many stand before one of few', async () => {
    const { clock, channel, links, listen, event } = stage();
    const [large, small] = [channel('room:large'), channel('room:small')];
    const crowd = links(2_000, 0.5);
    const few = links(3, 0);
    listen(large, crowd);
    listen(small, few);
    event(large);
    event(small);
    while (few[0]?.writes.length === 0) await clock.settle();
    const served = few[0]?.at[0] ?? 0;
    const before = crowd.filter(({ at }) => at[0] !== undefined && at[0] <= served).length;
    assert.equal(before, 16, 'the crowd has had one slice');
  });

  it('charges each of the channels that it wrote together with its own part', async () => {
    const { clock, channel, links, listen, event } = stage();
    const [busy, calm] = [channel('room:busy'), channel('room:calm')];
    const readers = links(20, 0.2);
    listen(busy, readers);
    listen(calm, readers.slice(0, 1));
    event(busy);
    event(calm);
    await clock.settle();
    event(calm);
    await clock.settle();
    assert.deepEqual(readers[0]?.writes, ['room:busy 1-1 room:calm 1-1', 'room:calm 2-2'], 'less than 1 ms is no load');
  });

  it('writes nothing while held: everybody reads for himself when it is over', async () => {
    const { clock, state, channel, links, listen, event } = stage();
    const a = channel('room:a');
    const readers = links(3, 0);
    listen(a, readers);
    state.held = true;
    event(a);
    await clock.settle();
    for (const { writes } of readers) assert.deepEqual(writes, ['room:a due']);
  });

  it('I8 holds no channel that has gone, however busy it was', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { clock, channel, links, listen, event } = stage();
    const busy = async (): Promise<WeakRef<Channel>> => {
      const a = channel('room:a');
      listen(a, links(4, 1));
      event(a);
      await clock.settle();
      return new WeakRef(a);
    };
    const gone = await busy();
    for (let tries = 0; tries < 10 && gone.deref(); tries++) {
      await clock.settle();
      collect();
    }
    assert.equal(gone.deref(), undefined);
  });
});
