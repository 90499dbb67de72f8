/** A folder that changes hands: killed, copied, put back, held by another process. With processes of their own. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openSqlite } from '@hubbub/server/store/sqlite/open';
import { StoreError } from '@hubbub/server/store/store';
import { Appending, bodies, item, removeFolders, run, temporaryFolder, waitFor } from './store-rig.ts';

describe('sqlite: a folder changes hands', () => {
  const running: Appending[] = [];
  const start = (folder: string, senders = 1): Appending => {
    const child = new Appending(folder, { senders });
    running.push(child);
    return child;
  };

  after(async () => {
    await Promise.all(running.map((child) => child.kill()));
    removeFolders();
  });

  it('SIGKILL in mid-append, 20 times: every acknowledged event is there, in the same epoch', async () => {
    const folder = temporaryFolder();
    const acks: Appending['acks'] = [];
    let epoch: string | undefined;
    for (let round = 0; round < 20; round++) {
      const child = start(folder, 4);
      await waitFor('acknowledgements', () => child.acks.length > (round * 7) % 40);
      await child.kill();
      epoch ??= child.epoch;
      assert.equal(child.epoch, epoch);
      acks.push(...child.acks);
    }
    assert.ok(acks.length > 200);
    const store = await openSqlite(folder);
    for (const channel of new Set(acks.map((ack) => ack.channel))) {
      const ids: string[] = [];
      for (let offset = 0; ; ) {
        const { entries } = await store.read(channel, { after: offset }, 512);
        if (entries.length === 0) break;
        for (const { header } of entries) {
          assert.equal(header.offset, ++offset);
          ids.push(header.id);
        }
      }
      for (const ack of acks.filter((one) => one.channel === channel)) assert.equal(ids[ack.offset - 1], ack.id);
    }
    const problems: string[] = [];
    await store.powers.checkable?.check((problem) => problems.push(problem));
    assert.deepEqual(problems, []);
    await store.close();
  });

  it('an old main file put over the one that a killed server left, beside a newer WAL: the WAL is set aside, new epoch', async () => {
    const folder = temporaryFolder();
    const main = join(folder, 'hubbub.sqlite');
    const old = join(temporaryFolder(), 'old.sqlite');
    const first = await openSqlite(folder);
    await first.append([item(1), item(2)]);
    await first.close();
    copyFileSync(main, old);

    const child = start(folder);
    await waitFor('a checkpoint and a WAL begun anew', () => {
      // SIGSTOP would do as well: what counts is that the main file has gone on, and the WAL after it.
      return child.acks.length > 0 && statSync(main).mtimeMs > statSync(old).mtimeMs && statSync(`${main}-wal`).size > 0;
    });
    const truncated = child.acks.length;
    await waitFor('more of them', () => child.acks.length > truncated + 50);
    await child.kill();
    assert.ok(statSync(`${main}-wal`).size > 0);
    // Written over in place: the inode is the same, so that only the contents can tell.
    await run('cp', [old, main]);

    const notes: string[] = [];
    const store = await openSqlite(folder, { onNote: (text) => notes.push(text) });
    assert.deepEqual(await bodies(store), ['{"text":"event 1"}', '{"text":"event 2"}']);
    assert.notEqual((await store.heads([])).epoch, child.epoch);
    assert.match(notes.join('\n'), /-wal was set aside as .*: it does not belong to the database beside it/);
    assert.match(notes.join('\n'), /ends \d+ commits before what was already acknowledged: new epoch/);
    assert.equal(readdirSync(folder).filter((name) => name.includes('-wal.aside-')).length, 1);
    const problems: string[] = [];
    await store.powers.checkable?.check((problem) => problems.push(problem));
    assert.deepEqual(problems, []);
    await store.close();
  });

  it('another file moved over the one that is open: no more acknowledgements, and the process is told', async () => {
    const folder = temporaryFolder();
    const child = start(folder);
    await waitFor('acknowledgements', () => child.acks.length > 5);
    const copy = join(temporaryFolder(), 'copy.sqlite');
    await run('cp', [join(folder, 'hubbub.sqlite'), copy]);
    await run('mv', [copy, join(folder, 'hubbub.sqlite')]);
    await waitFor('the fatal error', () => child.fatal !== '');
    assert.match(child.fatal, /hubbub\.sqlite was replaced or removed while it was open/);
    await child.kill();
  });

  it('moved over while nothing is appended: the look finds it', async () => {
    const folder = temporaryFolder();
    let fatal: StoreError | undefined;
    const store = await openSqlite(folder, {
      onFatal: (error) => {
        fatal = error;
      },
    });
    await store.append([item(1)]);
    const main = join(folder, 'hubbub.sqlite');
    await run('cp', [main, `${main}.copy`]);
    renameSync(`${main}.copy`, main);
    await waitFor('the fatal error', async () => {
      await store.moved(undefined, 10).catch(() => undefined);
      return fatal !== undefined;
    });
    await assert.rejects(store.append([item(2)]), (error) => error instanceof StoreError && error.code === 'unavailable');
    await store.close();
  });

  it('a folder that is copied while its server runs: the copy has a new epoch, the original keeps its own', async () => {
    const folder = temporaryFolder();
    const copy = join(temporaryFolder(), 'copy');
    const child = start(folder);
    await waitFor('acknowledgements', () => child.acks.length > 20);
    child.process.kill('SIGSTOP');
    const acked = child.acks.length;
    await run('cp', ['-r', folder, copy]);
    child.process.kill('SIGCONT');
    await waitFor('more acknowledgements', () => child.acks.length > acked);
    await child.kill();

    const notes: string[] = [];
    const copied = await openSqlite(copy, { onNote: (text) => notes.push(text) });
    assert.match(notes.join('\n'), /it is a copy of the file that was here: new epoch/);
    const page = await copied.heads(['room:kill0']);
    assert.notEqual(page.epoch, child.epoch);
    assert.ok((page.heads[0]?.head ?? 0) >= acked);
    await copied.close();
    const original = await openSqlite(folder);
    assert.equal((await original.heads([])).epoch, child.epoch);
    await original.close();
  });

  it('a second process is refused, and is told by whom; also after a backup, and after another process has read the folder', async () => {
    const folder = temporaryFolder();
    const store = await openSqlite(folder);
    await store.append([item(1)]);
    writeFileSync(join(folder, 'server.json'), JSON.stringify({ url: 'http://localhost:8080', pid: 4711 }));
    const refusal = async (): Promise<string> => {
      const child = start(folder);
      await waitFor('a refusal', () => child.refused !== '' || child.epoch !== '');
      return child.refused;
    };
    assert.match(await refusal(), /^held .*in use by process 4711, which serves http:\/\/localhost:8080/);
    await store.powers.backup?.backup(join(temporaryFolder(), 'backup.sqlite'));
    assert.match(await refusal(), /^held /);
    await run('sh', ['-c', `cat ${folder}/* > /dev/null`]);
    assert.match(await refusal(), /^held /);
    await store.append([item(2)]);
    await store.close();
    const child = start(folder);
    await waitFor('the folder to be free', () => child.epoch !== '');
    await child.kill();
  });

  it('a folder of a killed process is free at once', async () => {
    const folder = temporaryFolder();
    const child = start(folder);
    await waitFor('acknowledgements', () => child.acks.length > 0);
    await child.kill();
    const store = await openSqlite(folder);
    await store.close();
    assert.ok(!existsSync(join(folder, 'hubbub.sqlite-wal')));
  });
});
