/** What a folder may hold when it is opened. Files are read and written only while no store has them: see details of lock.ts. */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import type { Item, Store } from '../store.ts';
import { type OpenCode, openSqlite, SqliteOpenError } from './open.ts';
import { restoreSqlite } from './restore.ts';

const item = (number: number): Item => ({
  channel: 'room:a',
  id: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
  from: 'alice',
  kind: 'message',
  body: `{"text":"event ${number}"}`,
  counts: true,
});

const refusedWith =
  (code: OpenCode, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof SqliteOpenError && error.code === code && text.test(error.message);

describe('sqlite: what a folder holds', () => {
  const folders: string[] = [];
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'hubbub-folder-'));
    folders.push(path);
    return path;
  };
  after(() => {
    for (const path of folders) rmSync(path, { recursive: true, force: true });
  });

  /** Opens, lets `use` work, closes; answers the epoch and what was said. */
  async function session(
    path: string,
    use?: (store: Store) => Promise<unknown>,
  ): Promise<{ epoch: string; head: number; notes: string[] }> {
    const notes: string[] = [];
    const store = await openSqlite(path, { onNote: (text) => notes.push(text) });
    await use?.(store);
    const { epoch, heads } = await store.heads(['room:a']);
    await store.close();
    return { epoch, head: heads[0]?.head ?? -1, notes };
  }

  it('nothing: the folder is made for its owner alone; the next opening has the same store and epoch, and nothing to say', async () => {
    const path = join(folder(), 'deep', 'data');
    const first = await session(path, (store) => store.append([item(1)]));
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(path).sort(), ['hubbub.sqlite', 'lock.sqlite', 'witness.json']);
    assert.deepEqual(await session(path), { epoch: first.epoch, head: 1, notes: [] });
  });

  it('an old file put over it while no server ran, in place or by rename: new epoch', async () => {
    for (const put of [copyFileSync, renameSync]) {
      const path = folder();
      const main = join(path, 'hubbub.sqlite');
      await session(path, (store) => store.append([item(1)]));
      copyFileSync(main, join(path, 'old'));
      const newest = await session(path, async (store) => {
        await store.append([item(2)]);
        await store.append([item(3)]);
      });
      put(join(path, 'old'), main);
      const { epoch, head, notes } = await session(path);
      assert.equal(head, 1);
      assert.notEqual(epoch, newest.epoch);
      assert.match(
        notes.join(),
        put === copyFileSync ? /it ends 2 commits before what was already acknowledged/ : /it is a copy of the file/,
      );
      assert.deepEqual((await session(path)).notes, []);
    }
  });

  it('no witness, or half of one: new epoch, and a whole witness from then on', async () => {
    for (const damage of ['', '{"id":"abc","ino']) {
      const path = folder();
      const before = await session(path, (store) => store.append([item(1)]));
      if (damage === '') rmSync(join(path, 'witness.json'));
      else writeFileSync(join(path, 'witness.json'), damage);
      const { epoch, head, notes } = await session(path);
      assert.equal(head, 1);
      assert.notEqual(epoch, before.epoch);
      assert.match(notes.join(), /there is no readable witness of it: new epoch/);
      assert.deepEqual(await session(path), { epoch, head, notes: [] });
    }
  });

  it("another program's database, a text, an empty file: refused and left untouched", async () => {
    const foreign = join(folder(), 'foreign.sqlite');
    const db = new DatabaseSync(foreign);
    db.exec('CREATE TABLE addresses (name TEXT)');
    db.close();
    for (const contents of [readFileSync(foreign), Buffer.from('Dear diary, '.repeat(1_000)), Buffer.alloc(0)]) {
      const path = folder();
      writeFileSync(join(path, 'hubbub.sqlite'), contents);
      await assert.rejects(openSqlite(path), refusedWith('foreign', /not touched/));
      assert.deepEqual(readFileSync(join(path, 'hubbub.sqlite')), contents);
      assert.deepEqual(readdirSync(path).sort(), ['hubbub.sqlite', 'lock.sqlite']);
    }
  });

  it('a store of a later version: refused', async () => {
    const path = folder();
    await session(path);
    const db = new DatabaseSync(join(path, 'hubbub.sqlite'));
    db.exec('PRAGMA user_version=99');
    db.close();
    await assert.rejects(openSqlite(path), refusedWith('newer', /schema 99/));
  });

  it('a file where the folder should be, a folder nobody can write to', async () => {
    const path = join(folder(), 'file');
    writeFileSync(path, 'text');
    await assert.rejects(openSqlite(path), refusedWith('not_writable', /cannot be made/));
    // Answers ENOENT to everything: the error has to come all the same.
    await assert.rejects(openSqlite('/proc/hubbub/data'), refusedWith('not_writable', /cannot be made/));
  });

  it('an open store: held, by whom if server.json tells; closing frees it', async () => {
    const path = folder();
    const store = await openSqlite(path);
    await assert.rejects(openSqlite(path), refusedWith('held', /in use by another process/));
    writeFileSync(join(path, 'server.json'), '{"url":"http://localhost:8080","pid":4711}');
    await assert.rejects(openSqlite(path), refusedWith('held', /process 4711, which serves http:\/\/localhost:8080/));
    assert.throws(() => restoreSqlite(path, join(path, 'any')), refusedWith('held', /process 4711/));
    await store.close();
    await session(path);
  });

  it('a restored backup: its events, a new epoch; what is no backup is refused and the folder keeps what it had', async () => {
    const path = folder();
    const backup = join(folder(), 'backup.sqlite');
    const newest = await session(path, async (store) => {
      await store.append([item(1)]);
      await store.powers.backup?.backup(backup);
      await store.append([item(2)]);
      await assert.rejects(async () => store.powers.backup?.backup(join(path, 'hubbub.sqlite')), /is the store itself/);
    });
    const half = join(folder(), 'half.sqlite');
    writeFileSync(half, readFileSync(backup).subarray(0, 10_000));
    assert.throws(() => restoreSqlite(path, half), refusedWith('damaged', /half\.sqlite/));
    assert.throws(() => restoreSqlite(path, join(path, 'nowhere')), refusedWith('damaged', /is not there/));
    mkdirSync(join(path, 'sub'));
    writeFileSync(join(path, 'sub', 'text'), 'text');
    assert.throws(() => restoreSqlite(path, join(path, 'sub', 'text')), refusedWith('foreign', /no database/));
    assert.deepEqual(await session(path), { epoch: newest.epoch, head: 2, notes: [] });

    restoreSqlite(path, backup);
    assert.ok(!existsSync(join(path, 'hubbub.sqlite.new')));
    const restored = await session(path);
    assert.equal(restored.head, 1);
    assert.notEqual(restored.epoch, newest.epoch);
  });
});
