import { byteLength } from '@hubbub/protocol/body';
import type { Env } from '@hubbub/protocol/env';
import type { Entry } from '@hubbub/protocol/event';
import { type Item, type Outcome, type Rejection, type Stored, StoreError } from '../store/store.ts';
import type { History } from './history.ts';
import { Group, Lane, type LaneLimits, type Placed } from './lane.ts';
import type { Mechanism } from './mechanisms.ts';

/** Every item is answered by then. */
const patience = 10_000;
/** What was admitted longer ago when its batch starts is admitted again: a right may have gone meanwhile. */
export const admissionLasts = 1_000;

/**
 * What came of an item: the store's outcome, or one of ours. `stale`: admitted too long ago, to be admitted again. `failed`: `unknown`
 * (in a batch whose end was not learned), `unavailable` (not written), `overloaded` (not taken), `not_stored` (the store cannot hold it).
 */
export type Appended =
  | (Stored & { readonly epoch: string })
  | { readonly status: 'absent' }
  | { readonly status: 'rejected'; readonly code: Rejection }
  | { readonly status: 'stale' }
  | { readonly status: 'failed'; readonly code: 'unknown' | 'unavailable' | 'overloaded' | 'not_stored'; readonly retryAfter?: number };

/** What was committed, by channel, for the own hub and for the bells. */
export type OnCommitted = (channel: string, entries: readonly Entry[]) => void;

/** A lane: gathers while a batch commits, and commits what has gathered. No timer: the batch's size follows the load. */
export class Appender {
  readonly #env: Env<Mechanism>;
  readonly #history: History;
  readonly #onCommitted: OnCommitted;
  readonly #lane: Lane<Appended>;
  #busy = false;
  #scheduled = false;
  #cancel: (() => void) | undefined;
  #onDrained: (() => void) | undefined;

  constructor(env: Env<Mechanism>, history: History, onCommitted: OnCommitted, limits: Partial<LaneLimits> = {}) {
    this.#env = env;
    this.#history = history;
    this.#onCommitted = onCommitted;
    this.#lane = new Lane(limits);
  }

  /** Items that wait or are being written. */
  get size(): number {
    return this.#lane.size;
  }

  /**
   * Appends a session's items to one channel, in order. Answers item by item, shorter than the list where it stopped: after the first
   * that is `failed`, `stale` or `rejected(requires)`. `admittedAt`: when it was asked whether they may be. `again`: from a time when it was taken before, so it goes to the front.
   */
  append(channel: string, items: readonly Item[], admittedAt: number, again?: number): Promise<readonly Appended[]> {
    const bytes = items.reduce((sum, item) => sum + byteLength(item.body) + 256, 0);
    if (again === undefined && !this.#lane.hasRoom(channel, items.length, bytes)) {
      this.#env.count('overloaded');
      const retryAfter = 100 + Math.floor(this.#env.random() * 400);
      return Promise.resolve([{ status: 'failed', code: 'overloaded', retryAfter }]);
    }
    return new Promise((resolve) => {
      const takenAt = again ?? this.#env.now();
      this.#lane.add(new Group({ channel, items, bytes, takenAt, admittedAt, resolve }), again !== undefined);
      this.#watch();
      this.#schedule();
    });
  }

  /** Waits until everything has been answered, but not longer than that. */
  async drained(ms: number): Promise<void> {
    if (this.#lane.groups.length === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#env.timer(ms, resolve);
      this.#onDrained = () => {
        cancel();
        resolve();
      };
    });
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const group of [...this.#lane.groups]) this.#giveUp(group);
  }

  /** A batch starts at the end of the turn, so that what one read from the network brought is in it whole. */
  #schedule(): void {
    if (this.#busy || this.#scheduled) return;
    this.#scheduled = true;
    this.#env.turn(() => {
      this.#scheduled = false;
      if (!this.#busy) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      for (let batch = this.#gather(); batch.length > 0; batch = this.#gather()) {
        this.#putBack(await this.#write(batch, true));
        this.#writeAlone();
      }
    } finally {
      this.#busy = false;
    }
  }

  #gather(): Placed<Appended>[] {
    return this.#lane.gather((group) => this.#isFresh(group));
  }

  /** What another writer has had for long is waited for, each channel by itself, and holds up nobody else. */
  #writeAlone(): void {
    const isFresh = (group: Group<Appended>): boolean => this.#isFresh(group);
    for (let batch = this.#lane.gatherAlone(isFresh); batch.length > 0; batch = this.#lane.gatherAlone(isFresh)) {
      const channel = batch[0]?.item.channel ?? '';
      this.#env.count('lane_waited');
      void this.#write(batch, false).then(() => {
        this.#lane.rejoin(channel, isFresh);
        this.#schedule();
      });
    }
  }

  /** Nothing of a group is written whose admission is too old; one of which something is in the batch already goes on. */
  #isFresh(group: Group<Appended>): boolean {
    if (group.inBatch > 0 || this.#env.now() - group.admittedAt <= admissionLasts) return true;
    this.#env.count('readmitted');
    group.results.push({ status: 'stale' });
    this.#finish(group);
    return false;
  }

  /** `passing`: whatever another writer has just now is not written; returns that, in order. */
  async #write(batch: readonly Placed<Appended>[], passing: boolean): Promise<readonly Placed<Appended>[]> {
    // The first half of a halved batch may have stopped a group whose next items are here.
    const rest = batch.filter(({ group }) => !group.done);
    if (rest.length === 0) return [];
    try {
      const { outcomes, epoch } = await this.#history.ask((store) =>
        store.append(
          rest.map(({ item }) => item),
          passing,
        ),
      );
      this.#settle(rest, outcomes, epoch);
      return rest.filter((_, at) => outcomes[at]?.status === 'passed');
    } catch (error) {
      const code = error instanceof StoreError ? error.code : 'unknown';
      if (code === 'poison' && rest.length > 1) {
        this.#env.count('poison_halved');
        const half = Math.ceil(rest.length / 2);
        const passed = await this.#write(rest.slice(0, half), passing);
        // What waits is not overtaken by what comes after it.
        const isAfter = ({ item }: Placed<Appended>): boolean => passed.some((before) => before.item.channel === item.channel);
        const others = rest.slice(half);
        const late = await this.#write(
          others.filter((one) => !isAfter(one)),
          passing,
        );
        return [...passed, ...others.filter(isAfter), ...late];
      }
      if (code === 'unknown') this.#env.count('unknown_answer');
      const failed = code === 'poison' || code === 'not_supported' ? 'not_stored' : code === 'unknown' ? 'unknown' : 'unavailable';
      for (const { group } of rest) this.#answer(group, { status: 'failed', code: failed });
      return [];
    }
  }

  #putBack(passed: readonly Placed<Appended>[]): void {
    if (passed.length === 0) return;
    this.#env.count('lane_passed');
    this.#lane.putBack(passed);
  }

  #settle(batch: readonly Placed<Appended>[], outcomes: readonly Outcome[], epoch: string): void {
    const committed = new Map<string, Entry[]>();
    batch.forEach(({ group, item }, at) => {
      const outcome = outcomes[at];
      if (!outcome) {
        this.#answer(group, { status: 'failed', code: 'unknown' });
        return;
      }
      if (outcome.status === 'passed') return;
      if (outcome.status === 'committed') {
        const entries = committed.get(item.channel) ?? [];
        entries.push(toEntry(item, outcome));
        committed.set(item.channel, entries);
      } else if (outcome.status === 'duplicate') {
        const here = committed.get(item.channel)?.some(({ header }) => header.offset === outcome.offset) ?? false;
        this.#env.count(here ? 'duplicate_in_batch' : item.probe ? 'probe_found' : 'duplicate_later');
      } else if (outcome.status === 'rejected' && outcome.code === 'id_conflict') this.#env.count('id_conflict');
      // The place is one of the history that it was committed in, whatever comes while the answer is on its way.
      this.#answer(group, 'offset' in outcome ? { ...outcome, epoch } : outcome);
    });
    // Bells go out after the commit, and before the acknowledgements are read: nobody waits for them.
    for (const [channel, entries] of committed) this.#onCommitted(channel, entries);
  }

  #answer(group: Group<Appended>, result: Appended): void {
    group.inBatch -= 1;
    if (group.done) return;
    group.results.push(result);
    const stops = result.status === 'stale' || (result.status === 'failed' && result.code !== 'not_stored') || isRequires(result);
    if (stops || group.results.length === group.items.length) this.#finish(group);
  }

  #finish(group: Group<Appended>): void {
    this.#lane.remove(group);
    group.resolve(group.results);
    if (this.#lane.groups.length === 0) this.#onDrained?.();
  }

  #giveUp(group: Group<Appended>): void {
    group.results.push({ status: 'failed', code: group.inBatch > 0 ? 'unknown' : 'unavailable' });
    this.#finish(group);
  }

  /** One timer for the lane: set for the oldest group, which is the first to run out of time. */
  #watch(): void {
    if (this.#cancel || this.#lane.groups.length === 0) return;
    let oldest = Number.POSITIVE_INFINITY;
    for (const { takenAt } of this.#lane.groups) oldest = Math.min(oldest, takenAt);
    this.#cancel = this.#env.timer(Math.max(0, oldest + patience - this.#env.now()), () => {
      this.#cancel = undefined;
      for (const group of [...this.#lane.groups]) if (this.#env.now() - group.takenAt >= patience) this.#giveUp(group);
      this.#watch();
    });
  }
}

function isRequires(result: Appended): boolean {
  return result.status === 'rejected' && (result.code === 'requires' || result.code === 'skipped');
}

/** The event that an item has become. */
function toEntry(item: Item, { offset, n, ts }: { offset: number; n: number; ts: number }): Entry {
  const { id, from, kind, empties, concerns } = item;
  const header = { offset, n, ts, id, from, kind, ...(empties?.length && { empties }), ...(concerns?.length && { concerns }) };
  return { header, body: item.body };
}
