import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

/** A prepared statement that knows the shape of its rows. */
export interface Statement<Row = never> {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  iterate(...values: SQLInputValue[]): NodeJS.Iterator<Row>;
  run(...values: SQLInputValue[]): { changes: number | bigint; lastInsertRowid: number | bigint };
}

/** Prepares a statement once. `Row` is what the caller vouches for: the columns that `sql` selects. */
export function prepare<Row = never>(db: DatabaseSync, sql: string): Statement<Row> {
  return db.prepare(sql) as unknown as Statement<Row>;
}

/** What a pragma says in the first column of its first row. */
export function pragma(db: DatabaseSync, name: string): unknown {
  return Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

/** Runs `work` in one transaction; what it throws rolls back. */
export function transaction<Result>(db: DatabaseSync, begin: 'BEGIN' | 'BEGIN IMMEDIATE', work: () => Result): Result {
  db.exec(begin);
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk and the like roll back by themselves.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

const hex = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A UUID as its 16 bytes. Throws for anything else: what is stored must come back as it went in. */
export function idBytes(id: string): Uint8Array {
  if (!hex.test(id)) throw new TypeError('an id is a UUID in lower case');
  return Buffer.from(id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24), 'hex');
}

export function idText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}
