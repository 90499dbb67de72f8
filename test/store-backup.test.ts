/** Backups while appends go on, what ends them, and putting one back. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openSqlite } from '@hubbub/server/store/sqlite/open';
import { restoreSqlite } from '@hubbub/server/store/sqlite/restore';
import type { Store } from '@hubbub/server/store/store';
import { bodies, idOf, item, removeFolders, run, temporaryFolder } from './store-rig.ts';

describe('sqlite: backup under load', () => {
  after(removeFolders);

  it('holds every event acknowledged before the call, whole; appends go on meanwhile; what is opened from it has a new epoch', async () => {
    const store = await openSqlite(join(temporaryFolder(), 'data'));
    const path = join(temporaryFolder(), 'backup.sqlite');
    const filler = 'x'.repeat(2_000);
    let number = 0;
    let acked = 0;
    const append = async (): Promise<void> => {
      const items = Array.from({ length: 50 }, () => item(++number, { id: idOf(number), body: JSON.stringify(`${number} ${filler}`) }));
      const { outcomes } = await store.append(items);
      assert.ok(outcomes.every(({ status }) => status === 'committed'));
      acked += outcomes.length;
    };
    while (acked < 5_000) await append();

    const { epoch } = await store.heads([]);
    const before = acked;
    const progress: number[] = [];
    let done = false;
    const copying = store.powers.backup?.backup(path, { progress: (part) => progress.push(part) }).finally(() => {
      done = true;
    });
    let during = 0;
    while (!done) {
      await append();
      during += 1;
    }
    await copying;
    assert.ok(during > 1, 'appends went on');
    assert.ok(progress.length > 5 && progress.every((part) => part >= 0 && part <= 1));
    assert.deepEqual(readdirSync(dirname(path)), ['backup.sqlite']);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await store.close();

    const folder = join(temporaryFolder(), 'data');
    restoreSqlite(folder, path);
    const copy = await openSqlite(folder);
    assert.notEqual((await copy.heads([])).epoch, epoch);
    const kept = await bodies(copy);
    assert.ok(kept.length >= before && kept.length <= acked);
    kept.forEach((body, at) => {
      assert.equal(body, JSON.stringify(`${at + 1} ${filler}`));
    });
    const problems: string[] = [];
    await copy.powers.checkable?.check((problem) => problems.push(problem));
    assert.deepEqual(problems, []);
    await copy.close();
  });

  it('broken off, it leaves nothing; appends and the next one go on', async () => {
    const store = await filled();
    const folder = temporaryFolder();
    const path = join(folder, 'backup.sqlite');
    const stop = new AbortController();
    const broken = store.powers.backup?.backup(path, { signal: stop.signal, progress: () => stop.abort() });
    await assert.rejects(async () => broken, { code: 'unavailable', message: /broken off/ });
    assert.deepEqual(readdirSync(folder), []);
    await assert.rejects(async () => store.powers.backup?.backup(path, { signal: stop.signal }), { code: 'unavailable' });
    const { outcomes } = await store.append([item(1, { id: idOf(1) })]);
    assert.equal(outcomes[0]?.status, 'committed');
    const done = await store.powers.backup?.backup(path);
    assert.deepEqual([readdirSync(folder), done?.bytes], [['backup.sqlite'], statSync(path).size]);
    await store.close();
  });

  it('a store that is closed in mid-backup leaves nothing of it', async () => {
    const store = await filled();
    const folder = temporaryFolder();
    const begun = Promise.withResolvers<void>();
    const broken = store.powers.backup?.backup(join(folder, 'backup.sqlite'), { progress: () => begun.resolve() });
    const refused = assert.rejects(async () => broken, { code: 'unavailable' });
    await begun.promise;
    await store.close();
    await refused;
    assert.deepEqual(readdirSync(folder), []);
  });

  it('touches nothing that is there, and is alone', async () => {
    const store = await openSqlite(join(temporaryFolder(), 'data'));
    const folder = temporaryFolder();
    const path = join(folder, 'copy');
    const backup = (name = 'copy') => store.powers.backup?.backup(join(folder, name));
    // Whoever has a file of this name has a reason.
    writeFileSync(`${path}.part`, 'mine');
    const [first, second] = await Promise.allSettled([backup(), backup('other')]);
    assert.equal(first.status, 'fulfilled');
    assert.ok(second.status === 'rejected' && second.reason.code === 'conflict');
    await backup('other');
    const before = statSync(path);
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link'));
    for (const name of ['copy', 'link', '.']) await assert.rejects(async () => backup(name), { code: 'conflict' });
    assert.deepEqual([statSync(path).ino, statSync(path).mtimeMs], [before.ino, before.mtimeMs]);
    assert.deepEqual([readFileSync(`${path}.part`, 'utf8'), readdirSync(folder)], ['mine', ['copy', 'copy.part', 'link', 'other']]);
    await store.close();
  });

  it('a check that nobody waits for any more ends, and the store goes on', async () => {
    const store = await filled();
    const stop = new AbortController();
    const broken = store.powers.checkable?.check(assert.fail, { signal: stop.signal });
    stop.abort();
    await assert.rejects(async () => broken, { code: 'unavailable' });
    await assert.rejects(async () => store.powers.checkable?.check(assert.fail, { signal: stop.signal }), { code: 'unavailable' });
    assert.equal((await store.append([item(1, { id: idOf(1) })])).outcomes[0]?.status, 'committed');
    await store.close();
  });
});

describe('sqlite: restore', () => {
  after(removeFolders);

  it('of what may only be read makes a store that may be written', async () => {
    const path = join(temporaryFolder(), 'copy');
    const store = await openSqlite(join(temporaryFolder(), 'data'));
    await store.append([item(1)]);
    await store.powers.backup?.backup(path);
    await store.close();
    chmodSync(path, 0o400);
    const folder = join(temporaryFolder(), 'data');
    // What a killed restore has left is as unwritable.
    mkdirSync(folder);
    copyFileSync(path, join(folder, 'hubbub.sqlite.new'));
    restoreSqlite(folder, path);
    assert.equal(statSync(join(folder, 'hubbub.sqlite')).mode & 0o777, 0o600);
    assert.ok(!existsSync(join(folder, 'hubbub.sqlite.new')));
    const copy = await openSqlite(folder);
    await copy.append([item(2)]);
    assert.equal((await bodies(copy)).length, 2);
    await copy.close();
  });

  it('says that a folder is one, and waits for no pipe', async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    await run('mkfifo', [join(folder, 'pipe')]);
    assert.throws(() => restoreSqlite(data, folder), { code: 'foreign', message: `${folder} is a folder, not a backup` });
    assert.throws(() => restoreSqlite(data, join(folder, 'pipe')), { code: 'foreign', message: /pipe is no file, not a backup$/ });
    assert.ok(!existsSync(join(data, 'hubbub.sqlite')));
  });
});

/** A store of 50 MB: a copy of it takes a while. */
async function filled(): Promise<Store> {
  const store = await openSqlite(join(temporaryFolder(), 'data'));
  const body = JSON.stringify('x'.repeat(15_000));
  for (let number = 10; number < 3_200; number += 64) {
    await store.append(Array.from({ length: 64 }, (_, at) => item(number + at, { id: idOf(number + at), body })));
  }
  return store;
}
