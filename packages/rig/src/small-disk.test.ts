import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SmallDisk } from './small-disk.ts';

const root = process.getuid?.() === 0;

describe('a small disk', { skip: root ? false : 'only root can mount one' }, () => {
  it('is filled to its last byte, has room again, and is gone when one is done with it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hubbub-disk-'));
    try {
      {
        await using disk = await SmallDisk.mount(folder, 2);
        writeFileSync(join(folder, 'kept'), 'kept');
        assert.ok((await disk.fill()) > 1_900_000);
        assert.equal(statfsSync(folder).bfree, 0);
        assert.throws(() => writeFileSync(join(folder, 'more'), 'x'), { code: 'ENOSPC' });
        assert.equal(await disk.fill(), 0);
        disk.free();
        writeFileSync(join(folder, 'more'), 'x');
      }
      writeFileSync(join(folder, 'on the disk below'), '');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
