/** A backup while appends go on. */
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openSqlite } from '@hubbub/server/store/sqlite/open';
import { restoreSqlite } from '@hubbub/server/store/sqlite/restore';
import { bodies, idOf, item, removeFolders, temporaryFolder } from './store-rig.ts';

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
});
