/** How the writer commits: one transaction, synced, counted, confirmed, and only then answered. */
import type { DatabaseSync } from 'node:sqlite';
import type { Checkpoints } from './checkpoints.ts';
import { failureOf } from './errors.ts';
import type { History, Renewal } from './history.ts';

export interface Work {
  /** Text was deleted. */
  readonly emptied: boolean;
  /** Nothing was written: there is nothing to commit, and an empty commit would cost a sync too. */
  readonly nothing: boolean;
}

export class Commits {
  readonly #db: DatabaseSync;
  readonly #history: History;
  readonly #checkpoints: Checkpoints;

  constructor(db: DatabaseSync, history: History, checkpoints: Checkpoints) {
    this.#db = db;
    this.#history = history;
    this.#checkpoints = checkpoints;
  }

  /**
   * Runs `work` in a transaction and commits it; `renewed` is the history that begins with it. Throws a `Failure` that says whether
   * anything can have been written.
   */
  run<Done extends Work>(work: () => Done, renewed?: Renewal): Done {
    let place: 'item' | 'commit' = 'item';
    let done: Done;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      done = work();
      if (done.nothing) {
        this.#db.exec('ROLLBACK');
        return done;
      }
      this.#history.count(renewed);
      place = 'commit';
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#undo();
      throw failureOf(error, place);
    }
    this.#history.counted(renewed);
    this.#history.confirm();
    this.#checkpoints.committed(done.emptied);
    this.#history.witness(Date.now());
    return done;
  }

  #undo(): void {
    try {
      // A full disk and the like roll back by themselves.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch {
      // What made the rollback fail fails the next BEGIN too, and is told there.
    }
  }
}
