import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { backupTo } from './backup.ts';
import { filesOf } from './files.ts';

/** Long enough for whoever does not wait to have ended. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
}

describe('sqlite: backup', () => {
  let folder: string;
  let db: DatabaseSync;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hubbub-backup-'));
    db = new DatabaseSync(join(folder, 'hubbub.sqlite'));
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)');
  });

  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  it('waits for the transaction that it comes upon at its first page', async () => {
    const path = join(folder, 'copy');
    db.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (2)');
    const copying = backupTo(
      db,
      filesOf(folder),
      path,
      () => {},
      () => undefined,
    );
    copying.catch(() => {});
    await turns();
    db.exec('COMMIT');
    assert.ok((await copying) > 0);
    const copy = new DatabaseSync(path);
    assert.deepEqual({ ...copy.prepare('SELECT count(*) AS rows FROM t').get() }, { rows: 2 });
    copy.close();
  });

  it('does not wait for it once nobody wants the copy', async () => {
    let broken: string | undefined;
    db.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (2)');
    const copying = backupTo(
      db,
      filesOf(folder),
      join(folder, 'copy'),
      () => {},
      () => broken,
    );
    const refused = assert.rejects(copying, { code: 'unavailable', message: 'no more' });
    await turns();
    broken = 'no more';
    await refused;
    db.exec('COMMIT');
    assert.ok(!readdirSync(folder).some((name) => name.startsWith('copy')));
  });
});
