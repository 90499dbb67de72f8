/** Writing facts, and reading single ones, inside the writer's transaction. */
import type { DatabaseSync } from 'node:sqlite';
import { prepare, type Statement } from './statements.ts';

interface FactRow {
  readonly row: number;
  readonly bytes: number | null;
  readonly offset: number;
  readonly about: number | null;
}

export class FactTable {
  readonly #value: Statement<{ value: string | null }>;
  readonly #find: Statement<FactRow>;
  readonly #insert: Statement;
  readonly #update: Statement;
  readonly #blank: Statement;

  constructor(db: DatabaseSync) {
    this.#value = prepare(db, 'SELECT value FROM facts WHERE channel = ? AND key = ?');
    this.#find = prepare(db, 'SELECT row, octet_length(value) AS bytes, offset, about FROM facts WHERE channel = ? AND key = ?');
    this.#insert = prepare(db, 'INSERT INTO facts (channel, key, name, value, offset, about) VALUES (?, ?, ?, ?, ?, ?)');
    this.#update = prepare(db, 'UPDATE facts SET value = ?, offset = ?, about = ? WHERE row = ?');
    this.#blank = prepare(
      db,
      'UPDATE facts SET channel = NULL, key = NULL, name = NULL, value = NULL, offset = NULL, about = NULL WHERE row = ?',
    );
  }

  /** The JSON text; null: never written, or removed. */
  value(channel: number, key: string): string | null {
    return this.#value.get(channel, key)?.value ?? null;
  }

  /** `at`: the channel and the event that this write came with. */
  write(at: { channel: number; name: string; offset: number }, key: string, value: string | null, about: number | null): void {
    const old = this.#find.get(at.channel, key);
    if (old && fits(old, Buffer.byteLength(key) + at.name.length, value, at.offset, about)) {
      this.#update.run(value, at.offset, about, old.row);
      return;
    }
    if (old) this.#blank.run(old.row);
    this.#insert.run(at.channel, key, at.name, value, at.offset, about);
  }
}

/**
 * Whether the row can be written over without growing on its page (see schema.ts). A row that is longer than a page has only its
 * beginning there, so that a shorter one can take more of it: no less than `least` is left, and up to `most` a row is whole.
 */
function fits(old: FactRow, names: number, value: string | null, offset: number, about: number | null): boolean {
  const room = old.bytes ?? 0;
  const bytes = value === null ? 0 : Buffer.byteLength(value);
  if (bytes > room || bytes + integerBytes(offset) + integerBytes(about) > room + integerBytes(old.offset) + integerBytes(old.about))
    return false;
  return room + names + columnBytes <= most || bytes + names + columnBytes <= least;
}

/** File format, "b-tree pages", for the pages of 4,096 bytes that schema.ts makes. */
const most = 4_061;
const least = 489;
/** More than the record's header and its integers take. */
const columnBytes = 64;

/** Bytes that SQLite stores an integer in (file format, "record format"). */
function integerBytes(value: number | null): number {
  if (value === null || value === 0 || value === 1) return 0;
  if (value < 0x80) return 1;
  if (value < 0x8000) return 2;
  if (value < 0x80_0000) return 3;
  if (value < 0x8000_0000) return 4;
  return value < 0x8000_0000_0000 ? 6 : 8;
}
