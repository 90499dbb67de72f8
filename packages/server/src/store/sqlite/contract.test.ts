import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeContract } from '../contract.ts';
import { openSqlite } from './open.ts';

const rollback = 'a file that is put back under an open store ends the process; what is put back before it opens: folder.test.ts';

storeContract('sqlite', {
  lacks: { another: 'one process, one handle: the folder is locked', snapshot: rollback },
  open: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hubbub-contract-'));
    const skew = new Int32Array(new SharedArrayBuffer(4));
    let store = await openSqlite(folder, { skew });
    return {
      store,
      close: () => store.close().finally(() => rmSync(folder, { recursive: true })),
      reopen: () => store.close().then(async () => (store = await openSqlite(folder, { skew }))),
      age: async () => void Atomics.add(skew, 0, 3_600_000),
      poison: (item) => ({ ...item, ts: Number.NaN }),
      later: (mark) => String(Number(mark) + 7),
    };
  },
});
