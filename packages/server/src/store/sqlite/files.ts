import { type BigIntStats, chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SqliteOpenError } from './errors.ts';

/** What the store keeps in its folder. Nobody but SQLite may open those that it holds: closing any descriptor drops its locks. */
export interface Files {
  readonly folder: string;
  readonly main: string;
  readonly wal: string;
  readonly shm: string;
  readonly lock: string;
  readonly witness: string;
}

export function filesOf(folder: string): Files {
  const main = join(folder, 'hubbub.sqlite');
  return { folder, main, wal: `${main}-wal`, shm: `${main}-shm`, lock: join(folder, 'lock.sqlite'), witness: join(folder, 'witness.json') };
}

export function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Inode numbers pass 2^53 on some file systems: text, never a number. */
export function inodeOf(path: string): string | undefined {
  return statOf(path)?.ino.toString();
}

/** Leaves them to their owner alone, whatever hands have made or copied them: what tokens are signed with is in the log. */
export function closeToOthers({ main, wal, shm }: Files): void {
  // SQLite makes the other two as the first one is.
  for (const path of [main, wal, shm]) if (statOf(path)) chmodSync(path, 0o600);
}

/** Makes a folder for its owner alone, and those above it. Throws `not_writable`. */
export function makeFolder(folder: string): void {
  try {
    make(folder);
  } catch (error) {
    throw new SqliteOpenError('not_writable', `${folder} cannot be made: ${error instanceof Error ? error.message : error}`);
  }
}

/** Not `recursive`: that never ends where a file system answers ENOENT to everything, such as /proc. */
function make(folder: string): void {
  if (statOf(folder)?.isDirectory()) return;
  const above = dirname(folder);
  if (above !== folder) make(above);
  mkdirSync(folder, { mode: 0o700 });
}
