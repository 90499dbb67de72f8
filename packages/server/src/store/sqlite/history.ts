/** The meta row as the writer keeps it: epoch and mark, and the witness beside. */
import type { DatabaseSync } from 'node:sqlite';
import type { Pair } from '../store.ts';
import { Failure } from './errors.ts';
import { type Files, inodeOf } from './files.ts';
import type { Meta } from './schema.ts';
import { prepare, type Statement } from './statements.ts';
import { writeWitness } from './witness.ts';

const witnessMs = 1_000;

/** What a call is refused with when the caller knows another history. */
export class OtherHistory extends Failure {
  readonly pair: Pair;

  constructor(code: 'new_epoch' | 'rolled_back', text: string, pair: Pair) {
    super(code, text);
    this.pair = pair;
  }
}

/** A new history, whose marks begin above one that has been seen. */
export interface Renewal {
  readonly epoch: string;
  readonly above: number;
}

export class History {
  readonly #files: Files;
  readonly #inode: string;
  readonly #walInode: string | undefined;
  readonly #id: string;
  readonly #commit: Statement;
  readonly #renew: Statement;
  #epoch: string;
  #commits: number;
  /** As of which commit the main file alone is known to hold everything. */
  #checkpointed: number;
  #witnessedAt = 0;
  #witnessed = 0;

  constructor(files: Files, db: DatabaseSync, meta: Meta, inode: string) {
    this.#files = files;
    this.#inode = inode;
    this.#walInode = inodeOf(files.wal);
    this.#id = meta.id;
    this.#epoch = meta.epoch;
    this.#commits = meta.commits;
    this.#checkpointed = meta.checkpointed;
    this.#commit = prepare(db, 'UPDATE meta SET commits = ?, checkpointed = ?');
    this.#renew = prepare(db, 'UPDATE meta SET epoch = ?');
  }

  get pair(): Pair {
    return { epoch: this.#epoch, mark: String(this.#commits) };
  }

  /** Somebody has seen a later mark: what he saw acknowledged is gone. */
  isBehind(known: Pair): boolean {
    return Number(known.mark) > this.#commits;
  }

  /** Before anything is written: throws if `known` is of another history. */
  compare(known: Pair): void {
    if (this.isBehind(known)) {
      throw new OtherHistory('rolled_back', `the history ends at commit ${this.#commits}, ${known.mark} was acknowledged`, this.pair);
    }
    if (known.epoch !== this.#epoch) {
      throw new OtherHistory('new_epoch', `the history is ${this.#epoch}, not ${known.epoch}`, this.pair);
    }
  }

  /** The last statement of every transaction that writes. */
  count(renewed?: Renewal): void {
    this.#commit.run(this.#next(renewed), this.#checkpointed);
    if (renewed) this.#renew.run(renewed.epoch);
  }

  /** After the commit. */
  counted(renewed?: Renewal): void {
    this.#commits = this.#next(renewed);
    if (renewed) this.#epoch = renewed.epoch;
  }

  #next(renewed?: Renewal): number {
    return Math.max(this.#commits, renewed?.above ?? 0) + 1;
  }

  /** The main file holds all commits so far. */
  whole(): void {
    this.#checkpointed = this.#commits;
  }

  /**
   * Throws when the path names another file than the one that is open: whoever opens the folder next would not find what is written
   * here. Asked after the commit and before the answer, so that nothing is acknowledged that went into a file without a name.
   */
  confirm(): void {
    if (inodeOf(this.#files.main) === this.#inode && inodeOf(this.#files.wal) === this.#walInode) return;
    throw new Failure('unknown', `${this.#files.main} was replaced or removed while it was open`, true);
  }

  /** Lets the witness follow, at most once a second unless `now` is left out. */
  witness(now?: number): void {
    if (this.#witnessed === this.#commits) return;
    if (now !== undefined && Math.abs(now - this.#witnessedAt) < witnessMs) return;
    this.#witnessedAt = now ?? 0;
    this.#witnessed = this.#commits;
    writeWitness(this.#files.witness, { id: this.#id, inode: this.#inode, commits: this.#commits });
  }
}
