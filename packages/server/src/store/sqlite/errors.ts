/** What went wrong, in the words of the contract. */
import { type StoreCode, StoreError } from '../store.ts';

/**
 * Why a folder cannot be opened.
 *
 * - `not_writable`: it cannot be made, or written to.
 * - `held`: another process has it.
 * - `foreign`: a file of ours has another's contents, or none.
 * - `newer`: a later version made it.
 * - `damaged`: it is ours, and cannot be read.
 */
export type OpenCode = 'not_writable' | 'held' | 'foreign' | 'newer' | 'damaged';

export class SqliteOpenError extends Error {
  readonly code: OpenCode;

  constructor(code: OpenCode, text: string) {
    super(text);
    this.name = 'SqliteOpenError';
    this.code = code;
  }
}

/** SQLite's result code of an error, extended bits included; undefined if it is no error of SQLite's. */
export function resultCode(error: unknown): number | undefined {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** SQLite's primary result codes that say something about the machine, not about what was asked. */
export const primary = {
  busy: 5,
  noMemory: 7,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

const ofTheMachine: ReadonlySet<number> = new Set([...Object.values(primary), 6, 9, 15, 22, 23]);
const fsyncFailed: ReadonlySet<number> = new Set([10 | (4 << 8), 10 | (5 << 8)]);

/** Thrown inside a worker: `fatal` means that nothing more may be answered, the process has to go. */
export class Failure extends StoreError {
  readonly fatal: boolean;

  constructor(code: StoreCode, text: string, fatal = false) {
    super(code, text);
    this.fatal = fatal;
  }
}

/**
 * Names an error by where it came from: `item` while items were written (rolled back, so nothing is in), `commit` while they were
 * committed, `other` anywhere else.
 *
 * A full disk fails a commit before its last frame is written: nothing is in. After any other failure there the frames may be whole,
 * and a crash would bring them back: `unknown`. Once an fsync has failed the kernel may have dropped what it could not write and say
 * "synced" the next time: nobody can go on from there.
 */
export function failureOf(error: unknown, place: 'item' | 'commit' | 'other'): Failure {
  if (error instanceof Failure) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof StoreError) return new Failure(error.code, text);
  const code = resultCode(error);
  const kind = code === undefined ? undefined : code & 0xff;
  const fatal = kind === primary.corrupt || kind === primary.notADatabase || (code !== undefined && fsyncFailed.has(code));
  if (place === 'item' && (kind === undefined || !ofTheMachine.has(kind))) return new Failure('poison', text);
  if (place === 'commit' && kind !== primary.full) return new Failure('unknown', text, fatal);
  return new Failure('unavailable', text, fatal);
}
