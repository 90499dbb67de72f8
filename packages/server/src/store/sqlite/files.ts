import { type BigIntStats, statSync } from 'node:fs';
import { join } from 'node:path';

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
