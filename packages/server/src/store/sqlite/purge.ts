import type { DatabaseSync } from 'node:sqlite';
import { prepare, type Statement } from './statements.ts';

const keptMs = 10 * 60_000;

/**
 * Drops rows of `moves` that nobody asks for any more: older than ten minutes, and never the newest. It rides on appends and takes
 * twice what they bring, so that it needs no commit of its own and keeps pace with any load.
 */
export class Purge {
  readonly #oldest: Statement<{ seq: number; at: number }>;
  readonly #firstKept: Statement<{ seq: number }>;
  readonly #delete: Statement;
  readonly #purged: Statement;

  constructor(db: DatabaseSync) {
    this.#oldest = prepare(db, 'SELECT seq, at FROM moves ORDER BY seq LIMIT 1');
    this.#firstKept = prepare(
      db,
      `SELECT min(seq) AS seq FROM (
         SELECT seq FROM moves WHERE seq < ? AND at BETWEEN ? AND ? UNION ALL SELECT ? UNION ALL SELECT max(seq) FROM moves
       )`,
    );
    this.#delete = prepare(db, 'DELETE FROM moves WHERE seq < ?');
    this.#purged = prepare(db, 'UPDATE meta SET purged = ?');
  }

  /** Inside an append's transaction, which has brought `added` rows. */
  run(now: number, added: number): void {
    const oldest = this.#oldest.get();
    // A row from the future was written before the clock was put back: it would stop the purge until that time has come.
    if (!oldest || (oldest.at >= now - keptMs && oldest.at <= now + keptMs)) return;
    const upTo = oldest.seq + 2 * added;
    const kept = this.#firstKept.get(upTo, now - keptMs, now + keptMs, upTo)?.seq;
    if (kept === undefined || this.#delete.run(kept).changes === 0) return;
    this.#purged.run(kept - 1);
  }
}
