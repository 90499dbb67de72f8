/** A copy of the store while it is at work. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { backup, type DatabaseSync } from 'node:sqlite';
import { Failure } from './errors.ts';
import { type Files, inodeOf } from './files.ts';

const pagesPerStep = 256;

/**
 * Copies the database to `path` by way of a name of its own, so that there is never half a copy under the final one; a copy that was
 * there is replaced. Has to be given the writing connection: what it appends meanwhile goes into the copy too, whereas any other
 * connection's copy starts again at every commit and never ends. It has no witness, so what is opened from it gets a new epoch.
 */
export async function backupTo(
  db: DatabaseSync,
  files: Files,
  path: string,
  progress: (done: number) => void,
  closing: () => boolean,
): Promise<void> {
  const ours = [files.main, files.wal, files.shm, files.lock];
  const there = inodeOf(path);
  if (ours.some((file) => file === path || (there !== undefined && inodeOf(file) === there))) {
    throw new Failure('not_supported', `${path} is the store itself`);
  }
  const part = `${path}.part`;
  try {
    rmSync(part, { force: true });
    // The whole log is in it: nobody else's to read.
    writeFileSync(part, '', { mode: 0o600, flag: 'wx' });
    await backup(db, part, {
      rate: pagesPerStep,
      progress: ({ totalPages, remainingPages }) => {
        if (closing()) throw new Failure('unavailable', 'the store was closed before the backup was done');
        progress(totalPages === 0 ? 1 : 1 - remainingPages / totalPages);
      },
    });
    renameSync(part, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(part, { force: true });
    throw error instanceof Failure
      ? error
      : new Failure('unavailable', `${basename(path)}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Makes the names in a folder last. A folder is no file that SQLite holds a lock on. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
