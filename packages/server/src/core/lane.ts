import type { Item } from '../store/store.ts';

/** Bounds of a lane: of what waits, in all and (a share of it) for one channel. */
export interface LaneLimits {
  readonly items: number;
  readonly bytes: number;
}

const laneLimits: LaneLimits = { items: 8_192, bytes: 32 * 1_024 * 1_024 };
const channelShare = 4;
const batchItems = 512;
const batchBytes = 1_024 * 1_024;
/** Where others wait too, a channel has so many in a batch at most: a commit takes time with what is in it, and the others wait for all of it. */
const besideOthers = 64;

/** Items of one session for one channel, in order. `Result` is what comes of an item. */
export class Group<Result> {
  readonly channel: string;
  readonly items: readonly Item[];
  readonly bytes: number;
  readonly takenAt: number;
  readonly admittedAt: number;
  readonly resolve: (results: readonly Result[]) => void;
  readonly results: Result[] = [];
  /** Items before this are in the batch or done. */
  next = 0;
  inBatch = 0;
  done = false;
  /** Its place in the lane's list. */
  place = 0;

  constructor(given: Pick<Group<Result>, 'channel' | 'items' | 'bytes' | 'takenAt' | 'admittedAt' | 'resolve'>) {
    this.channel = given.channel;
    this.items = given.items;
    this.bytes = given.bytes;
    this.takenAt = given.takenAt;
    this.admittedAt = given.admittedAt;
    this.resolve = given.resolve;
  }
}

export interface Placed<Result> {
  readonly group: Group<Result>;
  readonly item: Item;
}

/** What a channel has in the lane: what it waits with, and how much that is together with what is being written. */
interface Queue<Result> {
  readonly groups: Group<Result>[];
  items: number;
  bytes: number;
  /** It stands in the line, or is being written by itself. */
  inLine: boolean;
  /** How often in a row the store has passed it by. */
  passes: number;
}

/** Passed by so often, a channel is written by itself, in a batch that waits. */
const mostPasses = 2;

/** What waits to be written, bounded, channels in turn. */
export class Lane<Result> {
  readonly #limits: LaneLimits;
  readonly #queues = new Map<string, Queue<Result>>();
  /** Channels with something to write, whose turn it is first. */
  #line: Queue<Result>[] = [];
  /** Channels whose turn it is to be written by themselves. */
  readonly #alone: Queue<Result>[] = [];
  // A list, not a set: a set's former tables outlive a minor collection and keep all that went through them till a major one, which
  // made the minor ones ten times as long.
  readonly #groups: Group<Result>[] = [];
  #items = 0;
  #bytes = 0;

  constructor(limits: Partial<LaneLimits>) {
    this.#limits = { ...laneLimits, ...limits };
  }

  /** Items that wait or are being written. */
  get size(): number {
    return this.#items;
  }

  get groups(): readonly Group<Result>[] {
    return this.#groups;
  }

  hasRoom(channel: string, items: number, bytes: number): boolean {
    const own = this.#queues.get(channel);
    // One command is always taken by a channel that waits for nothing: its size has a bound of its own.
    if (!own) return true;
    return (
      this.#items + items <= this.#limits.items &&
      this.#bytes + bytes <= this.#limits.bytes &&
      own.items + items <= this.#limits.items / channelShare &&
      own.bytes + bytes <= this.#limits.bytes / channelShare
    );
  }

  /** Puts a group into the line: behind its channel's others, or (`front`) before them. */
  add(group: Group<Result>, front: boolean): void {
    group.place = this.#groups.length;
    this.#groups.push(group);
    let queue = this.#queues.get(group.channel);
    if (!queue) {
      queue = { groups: [], items: 0, bytes: 0, inLine: false, passes: 0 };
      this.#queues.set(group.channel, queue);
    }
    if (front) queue.groups.unshift(group);
    else queue.groups.push(group);
    this.#account(queue, group, 1);
    if (!queue.inLine) this.#line.push(queue);
    queue.inLine = true;
  }

  /** It has been answered, whatever of it has not been written. */
  remove(group: Group<Result>): void {
    group.done = true;
    const last = this.#groups.pop();
    if (last && last !== group) {
      this.#groups[group.place] = last;
      last.place = group.place;
    }
    const queue = this.#queues.get(group.channel);
    if (!queue) return;
    this.#account(queue, group, -1);
    if (queue.items === 0) this.#queues.delete(group.channel);
  }

  /** One item of each waiting channel in turn, as many as a batch holds. `ready` says whether a group may be written; it may end it instead. */
  gather(ready: (group: Group<Result>) => boolean): Placed<Result>[] {
    const batch: Placed<Result>[] = [];
    let bytes = 0;
    const most = this.#line.length > 1 ? besideOthers : batchItems;
    for (let round = 0; round < most && this.#line.length > 0; round++) {
      const line = this.#line;
      this.#line = [];
      for (const [at, queue] of line.entries()) {
        if (batch.length >= batchItems || bytes >= batchBytes) {
          // Whose turn it was not comes first in the next batch, before those who have had one.
          this.#line.unshift(...line.slice(at));
          return batch;
        }
        const group = first(queue, ready);
        const item = group?.items[group.next];
        if (group && item) {
          bytes += item.body.length;
          batch.push({ group, item });
          group.next += 1;
          group.inBatch += 1;
        }
        queue.inLine = first(queue, ready) !== undefined;
        if (queue.inLine) this.#line.push(queue);
      }
    }
    return batch;
  }

  /**
   * Another writer had these items' channels: they wait, whole and in their order, before what came later, and come first in the next
   * batch. The third time they go by themselves.
   */
  putBack(passed: readonly Placed<Result>[]): void {
    const channels = new Set<Queue<Result>>();
    for (const { group } of passed.toReversed()) {
      group.next -= 1;
      group.inBatch -= 1;
      const queue = this.#queues.get(group.channel);
      if (!queue || group.done) continue;
      // It may have been dropped when its last item went.
      if (!queue.groups.includes(group)) queue.groups.unshift(group);
      channels.add(queue);
    }
    for (const queue of channels) {
      queue.passes += 1;
      if (queue.inLine) this.#line = this.#line.filter((other) => other !== queue);
      queue.inLine = true;
      if (queue.passes >= mostPasses) this.#alone.push(queue);
      else this.#line.unshift(queue);
    }
  }

  /** A batch of the next channel that goes by itself; empty: there is none. Once it is written it has to be let back in (`rejoin`). */
  gatherAlone(ready: (group: Group<Result>) => boolean): Placed<Result>[] {
    for (let queue = this.#alone.shift(); queue; queue = this.#alone.shift()) {
      const batch: Placed<Result>[] = [];
      for (let bytes = 0; batch.length < besideOthers && bytes < batchBytes; ) {
        const group = first(queue, ready);
        const item = group?.items[group.next];
        if (!group || !item) break;
        bytes += item.body.length;
        batch.push({ group, item });
        group.next += 1;
        group.inBatch += 1;
      }
      if (batch.length > 0) return batch;
      queue.inLine = false;
    }
    return [];
  }

  /** A channel that was written by itself stands in the line again. */
  rejoin(channel: string, ready: (group: Group<Result>) => boolean): void {
    const queue = this.#queues.get(channel);
    if (!queue) return;
    queue.passes = 0;
    queue.inLine = first(queue, ready) !== undefined;
    if (queue.inLine) this.#line.push(queue);
  }

  #account(queue: Queue<Result>, { items, bytes }: Group<Result>, sign: 1 | -1): void {
    queue.items += sign * items.length;
    queue.bytes += sign * bytes;
    this.#items += sign * items.length;
    this.#bytes += sign * bytes;
  }
}

/** The first group of the queue that has something to write; the others before it are dropped. */
function first<Result>({ groups }: Queue<Result>, ready: (group: Group<Result>) => boolean): Group<Result> | undefined {
  for (let group = groups[0]; group; group = groups[0]) {
    if (!group.done && group.next < group.items.length && ready(group)) return group;
    groups.shift();
  }
  return undefined;
}
