/**
 * The store: log and facts, the truth.
 *
 * A channel is a log of events with offsets 1, 2, 3, … A store gives offsets densely, at commit, in commit order: no reader ever sees 7
 * before 6. All that an item carries (event, facts, emptied bodies, concerns) is in one commit or not at all. Channels are independent:
 * no item touches two. A channel that nobody has written to exists all the same: head 0, n 0, first 1.
 *
 * **Pair.** Every answer carries `{epoch, mark}`. The epoch names one history; the mark only grows, from one epoch to the next too
 * (SQLite: the number of commits). A node holds one handle; the handle remembers the newest pair it was answered and compares it by
 * itself: before anything is written, and on every read, it throws `rolled_back` when the store is at a lower mark, whatever its epoch
 * (acknowledged events are gone, and an older epoch that comes back must not go on), and before anything is written `new_epoch` when
 * the epoch is another one than the handle knew (it knows the new one from then on, so the next try goes through). Reads answer with
 * the new epoch, which is how a node learns of it.
 *
 * **Errors.** Methods throw `StoreError` alone; its code says what may have happened. A store never waits for ever: what has no answer
 * within its own deadline is `unknown` (append) or `unavailable` (all else). Nobody retries inside a store.
 *
 * **Order.** Calls may overlap. Two appends of one handle are applied in the order in which they were called. A read that begins after
 * an append was answered sees it.
 */
import type { Entry, Header } from '@hubbub/protocol/event';

export interface Store {
  /** The store's own id, made when it was first opened; nodes with the same one are a cluster. */
  readonly cluster: string;
  readonly powers: Powers;

  /**
   * Appends in one commit; answers item by item, in order, after the commit is synced. Items apply one after the other, each sees the
   * facts of those before. What is rejected writes nothing and burns no offset; the others are committed all the same.
   *
   * For each item, in this order: `follows` (see there); the id is looked up: there already → `duplicate` with its old offset, or
   * `rejected(id_conflict)` when kind or body differ from what was stored (once emptied: any is a duplicate); a probe → `absent`;
   * `requires` → `rejected(requires)`; `empties` → `rejected(bad_empties)`; else `committed`.
   *
   * Throws `poison` when some item cannot be stored at all and nothing was written: the caller halves the batch.
   *
   * `passing`: a channel that another writer holds just now is not waited for. All its items are answered `passed`, nothing having been
   * done with them, and the other channels are not held up. Such a call and one that waits may overtake each other; a caller has no two of
   * them under way with the same channel.
   */
  append(items: readonly Item[], passing?: boolean): Promise<Appended>;

  /**
   * Kept events of a channel, ascending: the first `limit` with offset > `after`, or the last `limit` with offset < `before`.
   * `limit` ≤ 512. The answer's `head`, `n`, `first` belong to the same instant as its entries.
   */
  read(channel: string, range: Range, limit: number): Promise<Page>;

  /** Where channels stand, in the order asked, one call for any number of them. */
  heads(channels: readonly string[]): Promise<Heads>;

  /**
   * What has moved since `since`, an `until` of an earlier answer: each channel that was appended to, once, with its newest head, and
   * each committed header with `concerns`, at least once, in offset order per channel. May repeat, never misses: an append that is
   * committed after the answer is in the next one, whatever was in flight. Left out: only `until`. At most about `limit` rows: `more`
   * says that the next call will not be empty. `purged`: `since` is older than what is kept; heads and concerns are then empty, and
   * the caller takes everything as moved. An `until` of another epoch is `purged` too.
   */
  moved(since: string | undefined, limit: number): Promise<Moved>;

  /** Facts, tombstones included (value null). `from` is the `next` of the page before; no `next`: that was all. `limit` ≤ 1000. */
  facts(query: FactQuery, limit: number, from?: string): Promise<FactPage>;

  /**
   * Drops header and body of every event below `first` (≤ head + 1; it only rises). Their ids stay: idempotency is for ever. Facts
   * stay. Nobody is told: who stands below finds out at his next read.
   */
  trim(channel: string, first: number): Promise<Pair>;

  /** Answers what was appended, then closes. Anything called later throws `unavailable`. Closing twice does nothing. */
  close(): Promise<void>;
}

/** What only some stores can do: declared here, never found out by looking. */
export interface Powers {
  readonly observable?: Observable;
  readonly renewable?: Renewable;
  readonly backup?: Backup;
  readonly checkable?: Checkable;
}

export interface Observable {
  /**
   * How long `until` has been held back, in milliseconds: a writer that was left open anywhere on that server keeps what was committed
   * since from being forgotten, and makes every look read more. 0 while none does.
   */
  untilAge(): number;
}

export interface Renewable {
  /**
   * Begins a new history if `from` still names the present one, or the handle has seen a later mark than the present one (compare and
   * set: of ten nodes that notice a rollback one renews, all get its epoch). No append commits under the old epoch after it. The log itself stays as it is.
   */
  renew(from: string): Promise<Pair>;
  /** A pair heard elsewhere (bells carry it): a higher mark of the handle's epoch is remembered, anything else ignored. */
  heard(pair: Pair): void;
}

/** Work that takes as long as the log is long. */
export interface LongWork {
  /** Gets 0…1 now and then, as far as the store can tell. */
  readonly progress?: (done: number) => void;
  /** Aborted: nobody wants it any more. It ends soon, throws `unavailable`, and leaves nothing half done. */
  readonly signal?: AbortSignal;
}

export interface Backup {
  /**
   * Writes a copy that holds every event acknowledged before the call, while appends go on. What is opened from it has a new epoch.
   * There is never half a copy at `path`, an absolute one. Throws `conflict` when something is there already, or another backup is
   * under way; `not_supported` for a path of the store itself.
   */
  backup(path: string, work?: LongWork): Promise<{ readonly bytes: number }>;
}

export interface Checkable {
  /** Reads the whole log and its facts, while appends go on; calls `report` with each thing that is wrong, in words. Returns what it has read. */
  check(report: (problem: string) => void, work?: LongWork): Promise<Checked>;
}

export interface Checked {
  readonly channels: number;
  readonly events: number;
  readonly facts: number;
}

export interface Pair {
  readonly epoch: string;
  /** Ordered by the store alone. */
  readonly mark: string;
}

export interface FactWrite {
  readonly key: string;
  /** JSON text, ≤ 4 KiB; null removes the fact and leaves a tombstone. */
  readonly value: string | null;
  /** The offset it speaks of; left out: none. `'self'`: the offset of the event that it comes with. */
  readonly about?: number | 'self';
}

export interface Requirement {
  readonly key: string;
  /** JSON text, compared as text; null: absent, or removed. */
  readonly value: string | null;
}

/** One event to append, whole and checked: core has done the bounds of `protocol/limits`. */
export interface Item {
  readonly channel: string;
  /** `(channel, from, id)` is unique for ever. */
  readonly id: string;
  readonly from: string;
  readonly kind: string;
  /** JSON text; kept and given back byte for byte. */
  readonly body: string;
  /** An import's own time; raised to the channel's last. Left out: the store's clock. */
  readonly ts?: number;
  /** Raises `n` by one. */
  readonly counts: boolean;
  readonly concerns?: readonly string[];
  /** Offsets of this channel whose bodies go: 1 … own − 1, not yet trimmed. The store writes the fact `empty:OFFSET` (value `true`, about OFFSET) for each. */
  readonly empties?: readonly number[];
  readonly facts?: readonly FactWrite[];
  readonly requires?: readonly Requirement[];
  /** Belongs after the item before it of the same channel in the same call: where that one was `rejected(requires)` or `rejected(skipped)`, this one is `rejected(skipped)`. */
  readonly follows?: boolean;
  /** Only asks whether the id is there: `duplicate`, `id_conflict` or `absent`; writes nothing. */
  readonly probe?: boolean;
}

/** It is in the log: from now on, or since it was sent before. */
export interface Stored {
  readonly status: 'committed' | 'duplicate';
  readonly offset: number;
  readonly n: number;
  readonly ts: number;
}

export type Outcome =
  | Stored
  | { readonly status: 'absent' }
  | { readonly status: 'passed' }
  | { readonly status: 'rejected'; readonly code: Rejection };

export type Rejection = 'requires' | 'skipped' | 'id_conflict' | 'bad_empties' | 'not_supported';

export interface Appended extends Pair {
  readonly outcomes: readonly Outcome[];
}

export type Range = { readonly after: number } | { readonly before: number };

export interface Standing {
  /** The highest committed offset, 0 if none. */
  readonly head: number;
  readonly n: number;
  /** The first kept offset; head + 1 if none is. */
  readonly first: number;
}

export interface Page extends Pair, Standing {
  readonly entries: readonly Entry[];
}

export interface Heads extends Pair {
  readonly heads: readonly Standing[];
}

export interface Moved extends Pair {
  readonly until: string;
  readonly more: boolean;
  readonly purged: boolean;
  readonly heads: readonly { readonly channel: string; readonly head: number; readonly n: number }[];
  readonly concerns: readonly { readonly channel: string; readonly header: Header }[];
}

/**
 * - `prefix`: facts of a channel whose key begins so, by key.
 * - `after`: facts of a channel written above that offset, by offset, then key.
 * - `about`: facts of a channel that speak of an offset from … to (both included), by about, then key.
 * - `pairs`: exactly these facts, in the order asked; what was never written is left out.
 * - `with`: facts of all channels whose key begins so, by key, then channel.
 */
export type FactQuery =
  | { readonly channel: string; readonly prefix: string }
  | { readonly channel: string; readonly after: number }
  | { readonly channel: string; readonly about: readonly [number, number] }
  | { readonly pairs: readonly { readonly channel: string; readonly key: string }[] }
  | { readonly with: string };

export interface Fact {
  readonly channel: string;
  readonly key: string;
  readonly value: string | null;
  readonly offset: number;
  readonly about?: number;
}

export interface FactPage extends Pair {
  readonly facts: readonly Fact[];
  readonly next?: string;
}

/**
 * - `unavailable`: nothing was written; try again later.
 * - `unknown`: the append may have been committed or not; the same ids tell.
 * - `new_epoch`: nothing was written; the history is another one.
 * - `rolled_back`: nothing was written; the history has lost what was acknowledged; `renew`.
 * - `poison`: nothing was written; some item cannot be stored.
 * - `conflict`: nothing was done; something that is there already is in the way.
 */
export type StoreCode = 'unavailable' | 'unknown' | 'new_epoch' | 'rolled_back' | 'poison' | 'conflict' | 'not_supported';

export class StoreError extends Error {
  readonly code: StoreCode;

  constructor(code: StoreCode, text: string) {
    super(text);
    this.name = 'StoreError';
    this.code = code;
  }
}
