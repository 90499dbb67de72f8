import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { Process } from '@hubbub/rig/process';
import { startPostgres } from '@hubbub/rig/servers/postgres';
import { absent } from '@hubbub/rig/servers/present';
import type { RealServer } from '@hubbub/rig/servers/server';
import postgres from 'postgres';
import { storeContract } from '../contract.ts';
import type { Store } from '../store.ts';
import { settle } from './handle.ts';
import { openPostgres } from './open.ts';

describe('postgres', { skip: absent('postgres') }, () => {
  let server: RealServer;
  let schemas = 0;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server[Symbol.asyncDispose]());

  /** What a copy of the disk would do. */
  async function copyOfDisk(): Promise<() => Promise<void>> {
    const [data, copy] = [join(server.folder, 'data'), join(server.folder, 'copy')];
    const swap = async (from: string, to: string): Promise<void> => {
      await server.kill();
      rmSync(to, { recursive: true, force: true });
      // With its owner, who is not us.
      await Process.run({ command: 'cp', args: ['-a', from, to] });
      await server.start();
    };
    await swap(data, copy);
    return () => swap(copy, data);
  }

  storeContract('postgres', {
    lacks: {},
    open: async () => {
      schemas += 1;
      const schema = `rule_${schemas}`;
      const handles: Store[] = [];
      const open = async (): Promise<Store> => {
        const store = await openPostgres({ url: server.url, schema, settleMs: 0, purgeEveryMs: 0 });
        handles.push(store);
        return store;
      };
      const closeAll = async (): Promise<void> => {
        await Promise.all(handles.splice(0).map((handle) => handle.close()));
      };
      const ask = async (text: string): Promise<void> => {
        const sql = postgres(server.url, { max: 1, onnotice: () => {} });
        try {
          await sql.unsafe(text);
        } finally {
          await sql.end();
        }
      };
      return {
        store: await open(),
        close: async () => {
          await closeAll();
          await ask(`DROP SCHEMA ${schema} CASCADE`);
        },
        another: open,
        reopen: async () => {
          await closeAll();
          return open();
        },
        snapshot: async () => {
          const restore = await copyOfDisk();
          // The server was away for that; what is to be seen is what a rollback does, not that.
          for (const handle of handles) await settle(handle, 0);
          return restore;
        },
        age: () => ask(`UPDATE ${schema}.moves SET at = at - 3600000`),
        poison: (item) => ({ ...item, ts: Number.NaN }),
        later: (mark) => {
          const [generation, count] = mark.split('.');
          return `${generation}.${Number(count) + 7}`;
        },
      };
    },
  });
});
