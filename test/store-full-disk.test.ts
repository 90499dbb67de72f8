/** A full disk: nothing half written, and work again when there is room. On a small file system of its own. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openSqlite } from '@hubbub/server/store/sqlite/open';
import { type Appended, StoreError } from '@hubbub/server/store/store';
import { bodies, idOf, item, removeFolders, run, temporaryFolder, unless, waitFor } from './store-rig.ts';

const mountable = process.getuid?.() === 0;

describe('sqlite: full disk', unless(mountable, 'only root can mount a small file system'), () => {
  let disk = '';

  before(async () => {
    disk = temporaryFolder();
    await run('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
  });

  after(async () => {
    await run('umount', [disk]);
    removeFolders();
  });

  it('a batch that finds no room is unavailable and wrote nothing; readers go on; with room it works again', async () => {
    const folder = join(disk, 'data');
    const ballast = join(disk, 'ballast');
    writeFileSync(ballast, Buffer.alloc(1024 * 1024));
    const store = await openSqlite(folder);
    const filler = 'x'.repeat(2_000);
    let acked = 0;
    const append = async (): Promise<Appended> => {
      const items = Array.from({ length: 20 }, (_, at) =>
        item(0, { id: idOf(acked + at + 1), body: JSON.stringify(`${acked + at + 1} ${filler}`) }),
      );
      const appended = await store.append(items);
      acked += items.length;
      return appended;
    };
    let refusal: unknown;
    await waitFor('the disk to be full', async () => {
      await append().catch((error: unknown) => {
        refusal = error;
      });
      return refusal !== undefined;
    });
    assert.ok(refusal instanceof StoreError);
    assert.equal(refusal.code, 'unavailable');
    assert.match(refusal.message, /full/);
    assert.equal((await bodies(store)).length, acked);
    await assert.rejects(append(), (error) => error instanceof StoreError && error.code === 'unavailable');

    rmSync(ballast);
    const { outcomes } = await append();
    assert.ok(outcomes.every(({ status }) => status === 'committed'));
    await store.close();
    const again = await openSqlite(folder);
    const kept = await bodies(again);
    assert.equal(kept.length, acked);
    kept.forEach((body, at) => {
      assert.equal(body, JSON.stringify(`${at + 1} ${filler}`));
    });
    const problems: string[] = [];
    await again.powers.checkable?.check((problem) => problems.push(problem));
    assert.deepEqual(problems, []);
    await again.close();
  });
});
