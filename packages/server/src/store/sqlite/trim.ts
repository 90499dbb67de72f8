/** Trimming: a slice at a time, each in a commit of its own, so that a long log holds up no append. */
import type { DatabaseSync } from 'node:sqlite';
import type { Work } from './commits.ts';
import { hashOf } from './hash.ts';
import { prepare, type Statement } from './statements.ts';

const sliceRows = 500;

interface EventRow {
  readonly row: number;
  readonly kind: string;
  readonly body: string | number;
}

export interface Slice extends Work {
  /** `first` is where it was asked to be. */
  readonly finished: boolean;
}

export class Trimmer {
  readonly #head: Statement<{ channel: number; head: number; first: number }>;
  readonly #rows: Statement<EventRow>;
  readonly #strip: Statement;
  readonly #setFirst: Statement;

  constructor(db: DatabaseSync) {
    this.#head = prepare(db, 'SELECT channel, head, first FROM heads WHERE name = ?');
    this.#rows = prepare(db, 'SELECT row, kind, body FROM events WHERE channel = ? AND offset >= ? AND offset < ?');
    this.#strip = prepare(
      db,
      'UPDATE events SET kind = NULL, empties = NULL, concerns = NULL, pad = NULL, body = coalesce(?, body) WHERE row = ?',
    );
    this.#setFirst = prepare(db, 'UPDATE heads SET first = ? WHERE channel = ?');
  }

  /**
   * Drops the next events below `first`, from the lowest, and moves `first` with them: a crash in between leaves a shorter trim, never
   * an event that is neither kept nor dropped. Beyond the head there is nothing to drop.
   */
  slice(name: string, first: number): Slice {
    const head = this.#head.get(name);
    const target = head ? Math.min(first, head.head + 1) : 0;
    if (!head || target <= head.first) return { finished: true, nothing: true, emptied: false };
    const end = Math.min(target, head.first + sliceRows);
    for (const { row, kind, body } of this.#rows.all(head.channel, head.first, end)) {
      // Deleted text leaves no hash: a guessable text would survive in it.
      this.#strip.run(typeof body === 'string' ? hashOf(kind, body) : null, row);
    }
    this.#setFirst.run(end, head.channel);
    return { finished: end === target, nothing: false, emptied: true };
  }
}
