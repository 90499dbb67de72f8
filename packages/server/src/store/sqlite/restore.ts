/** Putting a backup in a folder's place: for the command line, while no server runs there. */
import { chmodSync, closeSync, copyFileSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { syncFolder } from './backup.ts';
import { SqliteOpenError } from './errors.ts';
import { filesOf, inodeOf, makeFolder, statOf } from './files.ts';
import { asOpenError, identify } from './folder.ts';
import { takeLock } from './lock.ts';
import { openAlone } from './schema.ts';
import { pragma } from './statements.ts';

/**
 * Replaces the store in `folder` by the copy `backupFile`, which `backup` wrote. The folder keeps what it had until the copy has been
 * read through; its next opening begins a new epoch. Throws `SqliteOpenError`: `held` while a server has the folder, `foreign`,
 * `newer` or `damaged` for what is no usable backup, `not_writable`.
 */
export function restoreSqlite(folder: string, backupFile: string): void {
  const files = filesOf(resolve(folder));
  const source = resolve(backupFile);
  makeFolder(files.folder);
  const lock = takeLock(files);
  const next = `${files.main}.new`;
  try {
    const found = statOf(source);
    if (found === undefined) throw new SqliteOpenError('damaged', `${source} is not there`);
    // SQLite would say that of a folder as "disk I/O error", and wait for ever at a pipe.
    if (!found.isFile()) throw new SqliteOpenError('foreign', `${source} is ${found.isDirectory() ? 'a folder' : 'no file'}, not a backup`);
    if (inodeOf(source) === inodeOf(files.main)) throw new SqliteOpenError('foreign', `${source} is the store itself`);
    if ((statOf(`${source}-wal`)?.size ?? 0n) > 0n) {
      throw new SqliteOpenError('damaged', `${source} has a WAL beside it: it is a store's file, not a finished backup`);
    }
    identify(source);
    // What a killed restore has left may be one that we may not write to; and a copy is as its source, which may be read-only.
    rmSync(next, { force: true });
    copyFileSync(source, next);
    chmodSync(next, 0o600);
    examine(next, source);
    syncFile(next);
    // Without a witness first: whatever is opened after a crash from here on is another history.
    rmSync(files.witness, { force: true });
    renameSync(next, files.main);
    rmSync(files.wal, { force: true });
    rmSync(files.shm, { force: true });
    syncFolder(files.folder);
  } catch (error) {
    rmSync(next, { force: true });
    throw asOpenError(error, source);
  } finally {
    lock.close();
  }
}

function examine(copy: string, source: string): void {
  const db = openAlone(copy);
  try {
    const found = pragma(db, 'quick_check(1)');
    if (found !== 'ok') throw new SqliteOpenError('damaged', `${source}: ${found}`);
  } catch (error) {
    if (error instanceof SqliteOpenError) throw error;
    throw new SqliteOpenError('damaged', `${source}: ${error instanceof Error ? error.message : error}`);
  } finally {
    db.close();
  }
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
