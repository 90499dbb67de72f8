/** The store as its callers see it: a few connections behind one interface, and the newest pair that was answered. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Appended, FactPage, FactQuery, Heads, Item, Moved, Page, Pair, Powers, Range, Store } from '../store.ts';
import { StoreError } from '../store.ts';
import { type AppendRow, outcomesOf, parametersOf } from './batch.ts';
import { checkDatabase } from './check.ts';
import { failureOf, OtherHistory } from './errors.ts';
import { factsQuery } from './facts.ts';
import { Link, type Row } from './link.ts';
import { movedQuery, oldestOpen } from './moved.ts';
import { headsQuery, type PairRow, pairOf, type Query, readQuery, selectPair } from './reads.ts';
import { Witness } from './witness.ts';

export interface Parts {
  readonly url: string;
  readonly schema: string;
  readonly cluster: string;
  readonly known: Pair;
  readonly deadlineMs: number;
  /** How far apart the two looks are that a handle makes before it appends again over a new connection. */
  readonly settleMs: number;
  readonly purgeEveryMs: number;
  /** See PostgresOptions. */
  readonly syncStandby: boolean;
}

/** Rows of \`moves\` are kept for so long. */
const keptMs = 10 * 60_000;
const purgeRows = 20_000;
const trimRows = 2_000;
const readers = 4;
const append = `CALL append_1(${Array.from({ length: 36 }, (_, at) => `$${at + 1}`).join()}, NULL, NULL, NULL, NULL, NULL, NULL)`;
/**
 * The appending routine joins what it is given to tables by their keys, always; what a plan would be made from, numbers of rows, is not
 * known of a table that has just begun.
 */
const appendSettings = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_sort: 'off',
  plan_cache_mode: 'force_generic_plan',
};

interface RoutineRow extends Row {
  readonly o_epoch: string;
  readonly o_mark: string;
}

export class PostgresStore implements Store {
  readonly cluster: string;
  readonly powers: Powers;
  readonly #parts: Parts;
  readonly #writer: Link;
  /** For batches that wait for a lock: they hold up nobody else. */
  readonly #waiter: Link;
  readonly #readers: readonly Link[];
  /** Looks come before pages. */
  readonly #looker: Link;
  readonly #witness = new Witness();
  #known: Pair;
  /** When connections broke, and when the first look after it began; undefined: it is settled which history this is. */
  #unsettled: { readonly at: number; firstLookAt: number | undefined } | undefined;
  #purgedAt = Number.NEGATIVE_INFINITY;
  /** The oldest transaction that the newest look saw open, since when. */
  #heldBackBy: { readonly xid: string; readonly since: number } | undefined;
  #closed: Promise<void> | undefined;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.cluster = parts.cluster;
    this.#known = parts.known;
    const { url, schema, deadlineMs, syncStandby } = parts;
    const link = (settings: Readonly<Record<string, string>> = {}): Link =>
      new Link({ url, schema, deadlineMs, settings, replicated: syncStandby, onBroken: () => this.#unsettle() });
    this.#writer = link(appendSettings);
    this.#waiter = link(appendSettings);
    this.#readers = Array.from({ length: readers }, () => link());
    this.#looker = link();
    this.powers = {
      observable: { untilAge: () => (this.#heldBackBy ? performance.now() - this.#heldBackBy.since : 0) },
      renewable: { renew: (from) => this.#underWayOf(() => this.#renew(from)), heard: (pair) => this.#heard(pair) },
      checkable: { check: (report, work) => this.#underWayOf(() => checkDatabase({ url, schema }, report, work)) },
    };
  }

  append(items: readonly Item[], passing = false): Promise<Appended> {
    return this.#underWayOf(() => this.#append(items, passing));
  }

  async #append(items: readonly Item[], passing: boolean): Promise<Appended> {
    await this.#settled();
    const link = passing ? this.#writer : this.#waiter;
    const parameters = [...this.#standpoint, !passing, ...parametersOf(items)];
    const [row] = await this.#call<RoutineRow & AppendRow>(link, append, parameters, true);
    if (!row) throw new StoreError('unknown', 'an append without an answer');
    const pair = this.#taken(row);
    const outcomes = outcomesOf(row);
    // An answer of a history that has ended meanwhile bears witness to none.
    if (pair.epoch === this.#known.epoch) this.#witness.acknowledged(items, outcomes);
    return { ...pair, outcomes };
  }

  read(channel: string, range: Range, limit: number): Promise<Page> {
    return this.#underWayOf(() => this.#ask(this.#reader, readQuery(channel, range, limit)));
  }

  heads(channels: readonly string[]): Promise<Heads> {
    return this.#underWayOf(() => this.#ask(this.#reader, headsQuery(channels)));
  }

  moved(since: string | undefined, limit: number): Promise<Moved> {
    return this.#underWayOf(() => this.#moved(since, limit));
  }

  async #moved(since: string | undefined, limit: number): Promise<Moved> {
    const began = performance.now();
    this.#purge(began);
    const moved = await this.#ask(this.#looker, movedQuery(since, limit));
    if (this.#unsettled) await this.#compare(moved);
    this.#looked(began);
    const { xid, isOpen } = oldestOpen(moved.until);
    if (!isOpen) this.#heldBackBy = undefined;
    else if (this.#heldBackBy?.xid !== xid) this.#heldBackBy = { xid, since: began };
    return moved;
  }

  /** Whether the history that is found after a loss of connections has what this handle has acknowledged. */
  async #compare(pair: Pair): Promise<void> {
    const { channels } = this.#witness;
    if (channels.length === 0) return;
    const missing = this.#witness.missing(channels, await this.#ask(this.#looker, headsQuery(channels)));
    if (missing !== undefined) throw new OtherHistory('rolled_back', missing, pair);
  }

  facts(query: FactQuery, limit: number, from?: string): Promise<FactPage> {
    return this.#underWayOf(() => this.#ask(this.#reader, factsQuery(query, limit, from)));
  }

  trim(channel: string, first: number): Promise<Pair> {
    return this.#underWayOf(() => this.#trim(channel, first));
  }

  async #trim(channel: string, first: number): Promise<Pair> {
    for (;;) {
      await this.#settled();
      const text = 'CALL trim_1($1, $2, $3, $4, $5, $6, NULL, NULL, NULL)';
      const parameters = [...this.#standpoint, channel, first, trimRows];
      const [row] = await this.#call<RoutineRow & { o_finished: boolean }>(this.#waiter, text, parameters, false);
      if (!row) throw new StoreError('unavailable', 'a trim without an answer');
      const pair = this.#taken(row);
      if (row.o_finished) return pair;
    }
  }

  close(): Promise<void> {
    const links = [this.#writer, this.#waiter, ...this.#readers, this.#looker];
    // What was asked before is answered.
    this.#closed ??= Promise.allSettled(this.#underWay)
      .then(() => Promise.all(links.map((link) => link.close())))
      .then(() => undefined);
    return this.#closed;
  }

  /** The one with the least to do. */
  get #reader(): Link {
    return this.#readers.reduce((least, one) => (one.busy < least.busy ? one : least));
  }

  /** Asks a question; the answer is compared with what was known when it was asked. */
  async #ask<Result extends PairRow, Answer extends Pair>(link: Link, query: Query<Result, Answer>): Promise<Answer> {
    const known = this.#known;
    const rows = await this.#call<Result>(link, query.text, query.parameters, false);
    const [row] = rows;
    if (!row) throw new StoreError('unavailable', 'an answer without a pair');
    const pair = pairOf(row);
    if (!row.sound && this.#parts.syncStandby && (await this.#adopt())) return this.#ask(link, query);
    if (!row.sound || isBefore(pair.mark, known.mark)) {
      const why = row.sound ? `the history ends at ${pair.mark}, ${known.mark} was acknowledged` : 'the history was written elsewhere';
      throw new OtherHistory('rolled_back', why, pair);
    }
    this.#learn(pair);
    return query.answer(rows, pair);
  }

  async #call<Result extends Row>(link: Link, text: string, parameters: readonly unknown[], writing: boolean): Promise<readonly Result[]> {
    try {
      return await link.run<Result>(text, parameters);
    } catch (error) {
      const failure = failureOf(error, writing);
      if (failure instanceof OtherHistory && failure.code === 'new_epoch') this.#learn(failure.pair);
      // Its own deadline says unknown, whatever was asked.
      throw writing || failure.code !== 'unknown' ? failure : new StoreError('unavailable', failure.message);
    }
  }

  /** Whether a standby that has everything has taken over, and the history goes on there. */
  async #adopt(): Promise<boolean> {
    const parameters = this.#standpoint.slice(1);
    const [row] = await this.#call<{ o_adopted: boolean }>(this.#waiter, 'CALL adopt_1($1, $2, NULL)', parameters, false);
    return row?.o_adopted ?? false;
  }

  async #renew(from: string): Promise<Pair> {
    const parameters = [from, ...this.#standpoint.slice(1), newEpoch()];
    const [row] = await this.#call<RoutineRow>(this.#waiter, 'CALL renew_1($1, $2, $3, $4, NULL, NULL)', parameters, false);
    if (!row) throw new StoreError('unavailable', 'a renewal without an answer');
    return this.#taken(row);
  }

  #taken({ o_epoch, o_mark }: RoutineRow): Pair {
    const pair = { epoch: o_epoch, mark: o_mark };
    this.#learn(pair);
    return pair;
  }

  /** An answer that was overtaken, even by a new epoch, brings nothing back. */
  #learn(pair: Pair): void {
    if (isBefore(pair.mark, this.#known.mark)) return;
    // Whoever has seen more of the old history learns of the new one before he appends.
    if (pair.epoch !== this.#known.epoch) {
      this.#unsettled = undefined;
      this.#witness.forget();
    }
    this.#known = pair;
  }

  #heard({ epoch, mark }: Pair): void {
    if (epoch === this.#known.epoch && /^\d+\.\d+$/.test(mark) && isBefore(this.#known.mark, mark)) this.#known = { epoch, mark };
  }

  /** What a writing routine is told of what this handle knows: epoch, generation, count. */
  get #standpoint(): (string | number)[] {
    return [this.#known.epoch, ...partsOf(this.#known.mark)];
  }

  #unsettle(): void {
    this.#unsettled = { at: performance.now(), firstLookAt: undefined };
  }

  /** Two looks that far apart over connections that held: by then whoever has seen more of a history that was put back has spoken. */
  #looked(began: number): void {
    const unsettled = this.#unsettled;
    if (!unsettled || began < unsettled.at) return;
    if (unsettled.firstLookAt === undefined) unsettled.firstLookAt = began;
    else if (began - unsettled.firstLookAt >= this.#parts.settleMs) this.#unsettled = undefined;
  }

  /** Before anything is written. After a loss of connections it may be another history that answers, and this handle may not know. */
  async #settled(): Promise<void> {
    if (!this.#unsettled) return;
    const { epoch } = this.#known;
    const pair = await this.#ask(this.#looker, { text: selectPair, parameters: [], answer: (_, found) => found });
    if (pair.epoch !== epoch) throw new OtherHistory('new_epoch', `the history is ${pair.epoch}, not ${epoch}`, pair);
    if (this.#unsettled) throw new StoreError('unavailable', `connected again, and looking which history this is (${pair.epoch})`);
  }

  /** Whatever is asked for from outside: refused after close, waited for before it. */
  async #underWayOf<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    if (this.#closed !== undefined) throw new StoreError('unavailable', 'the store is closed');
    const answer = call();
    this.#underWay.add(answer);
    return answer.finally(() => this.#underWay.delete(answer));
  }

  /** On a connection of those that read: no look waits for it. The next one takes what this one leaves. */
  #purge(now: number): void {
    if (now - this.#purgedAt < this.#parts.purgeEveryMs) return;
    this.#purgedAt = now;
    const text = 'CALL purge_1(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1, $2)';
    this.#underWayOf(() => this.#call(this.#reader, text, [keptMs, purgeRows], false)).catch(() => {});
  }
}

/** Names a history. */
export function newEpoch(): string {
  return randomUUID().slice(0, 13).replace('-', '');
}

function partsOf(mark: string): [number, number] {
  const [generation, count] = mark.split('.').map(Number);
  return [generation ?? 0, count ?? 0];
}

function isBefore(mark: string, other: string): boolean {
  const [[generation, count], [otherGeneration, otherCount]] = [partsOf(mark), partsOf(other)];
  return generation < otherGeneration || (generation === otherGeneration && count < otherCount);
}

/** The two looks of a handle that has just been opened. */
export async function settle(store: Store, settleMs: number): Promise<void> {
  await store.moved(undefined, 1);
  if (settleMs > 0) await pause(settleMs);
  await store.moved(undefined, 1);
}
