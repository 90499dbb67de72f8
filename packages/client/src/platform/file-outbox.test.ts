import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SmallDisk } from '@hubbub/rig/small-disk';
import { idOf, kept } from '../outbox.fixture.ts';
import type { KeptEvent } from '../outbox-store.ts';
import { fileOutbox } from './file-outbox.ts';

const mountable = process.getuid?.() === 0 ? false : 'only root can mount a small disk';

describe('the outbox in a file', () => {
  const inFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'hubbub-outbox-'));
    try {
      await work(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('finds again what was kept and not let go of, whatever was torn', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'outbox');
      const first = fileOutbox(path);
      for (const number of [1, 2, 3]) await first.put(kept(number));
      await first.remove(idOf(2));
      await first.remove(idOf(9));
      assert.equal(statSync(path).mode & 0o777, 0o600);
      writeFileSync(path, `${readFileSync(path, 'utf8')}{"id":"torn`);
      const second = fileOutbox(path);
      assert.deepEqual(await second.load(), [kept(1), kept(3)]);
      for (let number = 10; number < 1_100; number++) {
        await second.put(kept(number));
        await second.remove(idOf(number));
      }
      assert.ok(statSync(path).size < 200_000, `${statSync(path).size} bytes`);
      assert.deepEqual(await fileOutbox(path).load(), [kept(1), kept(3)]);
    }));

  it('passes over lines that cannot be read, and finds those behind them', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'outbox');
      const lines = ['', '{"id":"torn', 'null', '5', '{}', '{"removed":7}', '{"id":"x","channel":"room:x"}', JSON.stringify(kept(2))];
      writeFileSync(path, [JSON.stringify(kept(1, { user: 'ann' })), ...lines, ''].join('\n'));
      assert.deepEqual(await fileOutbox(path).load(), [kept(1, { user: 'ann' }), kept(2)]);
    }));

  it('writes with the next one what could not be written', () =>
    inFolder(async (folder) => {
      const [here, away] = [join(folder, 'here'), mkdtempSync(join(folder, 'away-'))];
      renameSync(away, here);
      const path = join(here, 'outbox');
      const store = fileOutbox(path);
      for (const number of [1, 2]) await store.put(kept(number));
      renameSync(here, away);
      await assert.rejects(store.put(kept(3)), { code: 'ENOENT' });
      await assert.rejects(store.remove(idOf(1)), { code: 'ENOENT' });
      renameSync(away, here);
      await store.put(kept(4));
      assert.deepEqual(await fileOutbox(path).load(), [kept(2), kept(3), kept(4)]);
    }));

  it('holds whole lines alone on a disk that is full, and all of them when there is room again', { skip: mountable }, () =>
    inFolder(async (folder) => {
      await using disk = await SmallDisk.mount(folder, 1);
      const path = join(folder, 'outbox');
      const store = fileOutbox(path);
      const long = (number: number): KeptEvent => kept(number, { text: `"${number}${'x'.repeat(900)}"` });
      await store.put(kept(1));
      await disk.fill();
      const refused: unknown[] = [];
      let number = 2;
      // The page that the file has begun is its own: the line that leaves it is torn.
      for (; refused.length === 0; number++) await store.put(long(number)).catch((error: unknown) => refused.push(error));
      await assert.rejects(store.put(long(number)), { code: 'ENOSPC' });
      assert.deepEqual(readdirSync(folder).sort(), ['ballast', 'outbox'], 'nothing half written is left');
      disk.free();
      await store.put(kept(number + 1));
      const all = Array.from({ length: number - 1 }, (_, at) => long(at + 2));
      assert.deepEqual(await fileOutbox(path).load(), [kept(1), ...all, kept(number + 1)]);
    }),
  );
});
