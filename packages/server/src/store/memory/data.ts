import type { Header } from '@hubbub/protocol/event';
import { randomText } from '@hubbub/protocol/id';
import { type Item, type Moved, type Outcome, type Pair, StoreError } from '../store.ts';
import { ChannelLog } from './log.ts';

export interface MemoryOptions {
  readonly now: () => number;
  readonly random: () => number;
  /** Rows of `moved` that are kept. */
  readonly movesKept?: number;
}

/**
 * A past state of the data, to be put back: what a copy of a disk is to a database. It is the newest change of that state, which knows
 * the one before; undefined: the empty state. So it names its own history even after that one has been cut off.
 */
export type Snapshot = Change | undefined;

interface Change {
  readonly operation: Operation;
  readonly before: Change | undefined;
}

type Operation =
  | { readonly type: 'append'; readonly items: readonly Item[]; readonly now: number }
  | { readonly type: 'trim'; readonly channel: string; readonly first: number }
  | { readonly type: 'renew'; readonly epoch: string; readonly generation: number };

interface Move {
  readonly seq: number;
  readonly channel: string;
  readonly header?: Header;
}

/**
 * What all handles of one database share. Every change is kept as an operation too, in a list that snapshots share: taking one costs
 * nothing, putting one back replays what led to it. The simulator takes many and puts back few.
 */
export class MemoryData {
  readonly cluster: string;
  readonly channels = new Map<string, ChannelLog>();
  epoch: string;
  /** How many histories there have been: with the commits the mark, which grows over epochs too. */
  generation = 0;
  commits = 0;
  readonly #options: MemoryOptions;
  readonly #firstEpoch: string;
  #newest: Change | undefined;
  #moves: Move[] = [];
  #seq = 0;

  constructor(options: MemoryOptions) {
    this.#options = options;
    this.cluster = randomText(options.random, 16);
    this.#firstEpoch = randomText(options.random, 12);
    this.epoch = this.#firstEpoch;
  }

  get pair(): Pair {
    return { epoch: this.epoch, mark: `${this.generation}.${this.commits}` };
  }

  /** A channel's log; one that nobody has written to is made for the asking and not kept. */
  log(channel: string): ChannelLog {
    return this.channels.get(channel) ?? new ChannelLog(channel);
  }

  /** Throws `poison` for what would spoil the log: a time that is no number would make every later one of its channel none. */
  append(items: readonly Item[]): readonly Outcome[] {
    if (items.some(({ ts }) => ts !== undefined && !Number.isFinite(ts))) throw new StoreError('poison', 'a ts is no number');
    return this.#apply({ type: 'append', items, now: this.#options.now() });
  }

  trim(channel: string, first: number): void {
    this.#apply({ type: 'trim', channel, first });
  }

  /** Begins a new history, later than `generation` and than the present one. */
  renew(generation: number): void {
    this.#apply({ type: 'renew', epoch: randomText(this.#options.random, 12), generation: Math.max(generation, this.generation) + 1 });
  }

  moved(since: string | undefined, limit: number): Omit<Moved, keyof Pair> {
    const newest = `${this.#seq} ${this.epoch}`;
    if (since === undefined) return { until: newest, more: false, purged: false, heads: [], concerns: [] };
    const [seqText, epoch] = since.split(' ');
    const seq = Number(seqText);
    const oldest = this.#moves[0]?.seq ?? this.#seq + 1;
    if (epoch !== this.epoch || !Number.isSafeInteger(seq) || seq + 1 < oldest || seq > this.#seq)
      return { until: newest, more: false, purged: true, heads: [], concerns: [] };
    const start = seq + 1 - oldest;
    const rows = this.#moves.slice(start, start + limit);
    const names = new Set(rows.map(({ channel }) => channel));
    return {
      until: `${rows.at(-1)?.seq ?? this.#seq} ${this.epoch}`,
      more: start + limit < this.#moves.length,
      purged: false,
      heads: [...names].map((channel) => {
        const { head, n } = this.log(channel).standing;
        return { channel, head, n };
      }),
      concerns: rows.flatMap(({ channel, header }) => (header ? [{ channel, header }] : [])),
    };
  }

  snapshot(): Snapshot {
    return this.#newest;
  }

  /** Puts a snapshot back: its epoch, its lower mark. What came after it is gone, until a later snapshot brings it back. */
  restore(snapshot: Snapshot): void {
    const operations: Operation[] = [];
    for (let change = snapshot; change; change = change.before) operations.push(change.operation);
    this.channels.clear();
    this.epoch = this.#firstEpoch;
    this.generation = 0;
    this.commits = 0;
    this.#newest = undefined;
    this.#moves = [];
    this.#seq = 0;
    for (const operation of operations.reverse()) this.#apply(operation);
  }

  #apply(operation: Operation): readonly Outcome[] {
    const outcomes = this.#change(operation);
    // What came to nothing is no commit.
    if (operation.type === 'append' && !outcomes.some(({ status }) => status === 'committed')) return outcomes;
    this.#newest = { operation, before: this.#newest };
    this.commits += 1;
    return outcomes;
  }

  #change(operation: Operation): readonly Outcome[] {
    switch (operation.type) {
      case 'append':
        return this.#append(operation.items, operation.now);
      case 'trim':
        this.channels.get(operation.channel)?.trim(operation.first);
        return [];
      case 'renew':
        this.epoch = operation.epoch;
        this.generation = operation.generation;
        return [];
    }
  }

  #append(items: readonly Item[], now: number): readonly Outcome[] {
    const moved = new Set<string>();
    /** The last item's outcome per channel: whoever `follows` one that was turned away is turned away. */
    const turnedAway = new Map<string, boolean>();
    const outcomes = items.map((item): Outcome => {
      const skipped: Outcome | undefined =
        item.follows && turnedAway.get(item.channel) ? { status: 'rejected', code: 'skipped' } : this.log(item.channel).refuse(item);
      turnedAway.set(item.channel, skipped?.status === 'rejected' && (skipped.code === 'requires' || skipped.code === 'skipped'));
      if (skipped) return skipped;
      const { header, ...outcome } = this.#open(item.channel).commit(item, now);
      if (header.concerns) this.#move(item.channel, header);
      else moved.add(item.channel);
      return outcome;
    });
    for (const channel of moved) this.#move(channel, undefined);
    return outcomes;
  }

  #open(channel: string): ChannelLog {
    let log = this.channels.get(channel);
    if (!log) {
      log = new ChannelLog(channel);
      this.channels.set(channel, log);
    }
    return log;
  }

  #move(channel: string, header: Header | undefined): void {
    this.#seq += 1;
    this.#moves.push({ seq: this.#seq, channel, ...(header && { header }) });
    const kept = this.#options.movesKept ?? Number.POSITIVE_INFINITY;
    if (this.#moves.length > kept) this.#moves.splice(0, this.#moves.length - kept);
  }
}

/** Makes an empty database in memory. */
export function createMemoryData(options: MemoryOptions): MemoryData {
  return new MemoryData(options);
}
