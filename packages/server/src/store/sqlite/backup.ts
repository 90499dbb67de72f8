/** A copy of the store while it is at work. */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, lstatSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type BackupOptions, backup, type DatabaseSync } from 'node:sqlite';
import { Failure, resultCode } from './errors.ts';
import { type Files, inodeOf } from './files.ts';

const pagesPerStep = 256;

/**
 * Copies the database to `path` by way of a name of its own, so that there is never half a copy under the final one; what is there
 * already is not touched, for it may be the only other copy. Returns the copy's size in bytes. Has to be given the writing connection:
 * what it appends meanwhile goes into the copy too, whereas any other connection's copy starts again at every commit and never ends.
 * It has no witness, so what is opened from it gets a new epoch. `broken`, asked all along, says why it is not to be finished.
 */
export async function backupTo(
  db: DatabaseSync,
  files: Files,
  path: string,
  progress: (done: number) => void,
  broken: () => string | undefined,
): Promise<number> {
  const ours = [files.main, files.wal, files.shm, files.lock];
  const there = inodeOf(path);
  if (ours.some((file) => file === path || (there !== undefined && inodeOf(file) === there))) {
    throw new Failure('not_supported', `${path} is the store itself`);
  }
  // Nobody else's name: what is called FILE.part may be anybody's, and what a killed backup has left must not stop the next one.
  const part = `${path}.${randomUUID().slice(0, 8)}.part`;
  const goOn = (): void => {
    const why = broken();
    if (why !== undefined) throw new Failure('unavailable', why);
  };
  try {
    free(path);
    // The whole log is in it: nobody else's to read.
    writeFileSync(part, '', { mode: 0o600, flag: 'wx' });
    await copyTo(
      part,
      db,
      ({ totalPages, remainingPages }) => {
        goOn();
        progress(totalPages === 0 ? 1 : 1 - remainingPages / totalPages);
      },
      goOn,
    );
    const { size } = statSync(part);
    goOn();
    free(path);
    renameSync(part, path);
    syncFolder(dirname(path));
    return size;
  } catch (error) {
    rmSync(part, { force: true });
    throw error instanceof Failure
      ? error
      : new Failure('unavailable', `${basename(path)}: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * SQLite copies no page while its source is in the middle of a transaction, and Node does not try again where that was the first page: it
 * says that it failed, for no error at all (code 0). Under load one backup in twenty meets an append there.
 */
async function copyTo(part: string, db: DatabaseSync, progress: BackupOptions['progress'], goOn: () => void): Promise<void> {
  for (;;) {
    try {
      await backup(db, part, { rate: pagesPerStep, ...(progress && { progress }) });
      return;
    } catch (error) {
      if (resultCode(error) !== 0) throw error;
    }
    await new Promise(setImmediate);
    goOn();
  }
}

/** A link that leads nowhere is something too. */
function free(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })) throw new Failure('conflict', `${path} is there already, and not touched`);
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
