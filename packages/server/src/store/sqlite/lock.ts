/**
 * Who holds the folder. A pid file is stale after SIGKILL, and always 1 in a container; the kernel drops this lock with the process.
 * A file of its own, because the main file's locks come and go with every transaction.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { primary, resultCode, SqliteOpenError } from './errors.ts';
import type { Files } from './files.ts';

/** Takes the folder, at once or not at all. Closing what it returns lets go. Throws `held` or `not_writable`. */
export function takeLock(files: Files): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(files.lock, { timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db?.close();
    const code = (resultCode(error) ?? 0) & 0xff;
    if (code === primary.busy) throw new SqliteOpenError('held', `${files.folder} is in use by ${holder(files.folder)}`);
    if (code === primary.notADatabase) throw new SqliteOpenError('foreign', `${files.lock} is not a file of ours`);
    throw new SqliteOpenError('not_writable', `${files.folder} cannot be written: ${error instanceof Error ? error.message : error}`);
  }
}

/** What `server.json` says of the one who holds the folder. No file of SQLite's, so that reading it drops no lock. */
function holder(folder: string): string {
  try {
    const server: unknown = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'));
    if (typeof server === 'object' && server !== null && 'pid' in server) {
      return `process ${String(server.pid)}${'url' in server ? `, which serves ${String(server.url)}` : ''}`;
    }
  } catch {
    // Another holder than a server, or one that has just begun: it is held all the same.
  }
  return 'another process';
}
