/**
 * A process of its own for the test of what those cost who are behind: a whole node over SQLite in the folder that it is given, a clock
 * that is moved, a thousand links that one fills and empties. It prints what it has found, as one line of JSON. Needs --expose-gc.
 */
import { localBus } from '@hubbub/server/broker/local';
import { channel, Link, Sender } from '@hubbub/server/core/links.fixture';
import { createNode, type HubbubNode, type NodeStatus } from '@hubbub/server/core/node';
import { openToAll } from '@hubbub/server/core/open.fixture';
import type { Frame } from '@hubbub/server/core/transport';
import { openSqlite } from '@hubbub/server/store/sqlite/open';
import type { Store } from '@hubbub/server/store/store';
import { TickingClock } from './ticking-clock.ts';

/** What there is of something at one moment: the node's counters, and the timers that run. */
export type Counters = NodeStatus & { readonly timers: number };

export interface Found {
  readonly subscriptions: number;
  readonly events: number;
  readonly bytes: number;
  /** Heap after a forced collection, in bytes: all live, all behind, all live again. */
  readonly idle: number;
  readonly behind: number;
  readonly caughtUp: number;
  readonly before: Counters;
  readonly meanwhile: Counters;
  readonly after: Counters;
  /** How far the last had read, and the first, when all were behind; how far the last, when all had caught up; where the log ended. */
  readonly lastBehind: number;
  readonly firstBehind: number;
  readonly lastCaughtUp: number;
  readonly head: number;
}

const subscriptions = 1_000;
const bodyBytes = 4 * 1_024;
const warmUp = 1_000;
const seconds = 600;
const perSecond = 10;
const pageRoom = 32 * 1_024;
const wideRoom = 1_024 * 1_024;
const member = '"offset":';

/** Reads what its link has room for, and keeps its place. */
class Reader extends Link {
  cursor = 0;
  left = wideRoom;

  override write(frame: Frame): void {
    this.left -= frame.text.length;
    if (!frame.text.startsWith('{"push":"events"')) return;
    const [first, last] = [frame.text.indexOf(member), frame.text.lastIndexOf(member)].map((at) =>
      Number.parseInt(frame.text.slice(at + member.length, at + member.length + 10), 10),
    );
    if (first !== this.cursor + 1) throw new Error(`after ${this.cursor} came ${first}`);
    this.cursor = last ?? 0;
  }

  override room(): number {
    return this.left;
  }

  /** So much more may be written. */
  give(bytes: number): void {
    this.left = bytes;
    this.sink?.onRoom();
  }
}

/** Counts the calls that are not answered yet. */
function watched(store: Store, calls: { open: number }): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]): Promise<unknown> => {
        calls.open += 1;
        try {
          return await (Reflect.apply(member, target, given) as Promise<unknown>);
        } finally {
          calls.open -= 1;
        }
      };
    },
  });
}

class Stage {
  readonly clock: TickingClock;
  readonly node: HubbubNode;
  readonly readers: readonly Reader[];
  readonly sender: Sender;
  /** Where the log ends. */
  head = 0;
  readonly #neighbour: Reader;

  constructor(store: Store) {
    const calls = { open: 0 };
    this.clock = new TickingClock(() => calls.open === 0);
    const { env } = this.clock;
    this.node = createNode({
      env,
      store: watched(store, calls),
      broker: localBus(env.turn).open,
      ...openToAll,
      hellos: { perSecond: 1e6, burst: 1e6 },
    });
    this.sender = new Sender(this.clock);
    this.#neighbour = new Reader(this.clock);
    this.readers = Array.from({ length: subscriptions }, () => new Reader(this.clock));
  }

  async open(): Promise<void> {
    const started = this.node.start();
    await this.clock.pass(0);
    await started;
    const all = [this.sender, this.#neighbour, ...this.readers];
    for (const [at, link] of all.entries()) {
      link.sink = this.node.attach(link);
      link.say(1, 'hello', { protocol: 1, session: crypto.randomUUID(), name: `user${at}` });
    }
    await this.clock.pass(0);
    for (const reader of [this.#neighbour, ...this.readers]) reader.say(2, 'subscribe', { to: [{ channel, position: '0' }] });
    await this.clock.pass(0);
  }

  /** `each` comes once a second. */
  async load(secondsOfIt: number, each: (second: number) => void): Promise<void> {
    for (let second = 0; second < secondsOfIt; second++) {
      this.sender.send(Array.from({ length: perSecond }, () => ({ text: 'x'.repeat(bodyBytes), concerns: [] })));
      this.head += perSecond;
      each(second);
      await this.clock.pass(1_000);
      if (this.#neighbour.cursor !== this.head) throw new Error(`the one who reads stands at ${this.#neighbour.cursor} of ${this.head}`);
      this.#neighbour.give(wideRoom);
    }
  }

  /** All read on, until they are where the log ends, and the node has said so to each. */
  async catchUp(): Promise<void> {
    for (let round = 0; this.readers.some(({ cursor }) => cursor < this.head); round++) {
      if (round > 1_000) throw new Error(`one of ${this.head} events got no further than ${Math.min(...this.cursors)}`);
      for (const reader of this.readers) reader.give(wideRoom);
      await this.clock.pass(50);
    }
    await this.clock.pass(2_000);
  }

  get cursors(): readonly number[] {
    return this.readers.map(({ cursor }) => cursor);
  }

  get counters(): Counters {
    return { ...this.node.status(), timers: this.clock.pending };
  }

  /** What cannot be collected: collected as often as it still finds something, for code that is no longer used has to age first. */
  async heap(): Promise<number> {
    for (let least = Number.POSITIVE_INFINITY; ; ) {
      await this.clock.pass(0);
      // Any other flavor leaves megabytes of what is no longer reachable.
      for (let round = 0; round < 3; round++) globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
      const { heapUsed, external } = process.memoryUsage();
      if (heapUsed + external > least - 4_096) return Math.min(least, heapUsed + external);
      least = heapUsed + external;
    }
  }
}

const [folder = ''] = process.argv.slice(2);
const store = await openSqlite(folder);
const stage = new Stage(store);
await stage.open();
// Everything that is made at its first use is made, and offsets have got as many digits as they will have.
await stage.load(warmUp / perSecond, () => {
  for (const reader of stage.readers) reader.give(wideRoom);
});
for (const reader of stage.readers) reader.left = 0;
await stage.load(10, () => {});
await stage.catchUp();

const idle = await stage.heap();
const before = stage.counters;
for (const reader of stage.readers) reader.left = 0;
// In ten minutes each has read a page and was full again, and has been full before what was read for it was there.
await stage.load(seconds, (second) => {
  for (let at = 0; at < 2; at++) {
    stage.readers[(2 * second + at) % subscriptions]?.give(pageRoom);
    const hasty = stage.readers[(2 * second + at + subscriptions / 2) % subscriptions];
    hasty?.give(pageRoom);
    if (hasty) hasty.left = 0;
  }
});
const behind = await stage.heap();
const meanwhile = stage.counters;
const [lastBehind, firstBehind] = [Math.min(...stage.cursors), Math.max(...stage.cursors)];
await stage.catchUp();
const caughtUp = await stage.heap();
const after = stage.counters;

const found: Found = {
  ...{
    subscriptions,
    events: seconds * perSecond,
    bytes: seconds * perSecond * bodyBytes,
    idle,
    behind,
    caughtUp,
    before,
    meanwhile,
    after,
  },
  ...{ lastBehind, firstBehind, lastCaughtUp: Math.min(...stage.cursors), head: stage.head },
};
process.stdout.write(`${JSON.stringify(found)}\n`);
await stage.node.close();
await store.close();
