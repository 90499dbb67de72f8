import { after, before, describe } from 'node:test';
import { copyDisk } from '@hubbub/rig/servers/disk';
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
          const restore = await copyDisk(server);
          // The server was away for that; what is to be seen is what a rollback does, not that.
          for (const handle of handles) await settle(handle, 0);
          return restore;
        },
        // Whoever looks next would have them dropped as well, a little later.
        age: async () => {
          await ask(`UPDATE ${schema}.moves SET at = at - 3600000`);
          await ask(`SET search_path = ${schema}; CALL purge_1((extract(epoch FROM now()) * 1000)::bigint - 600000, 100000)`);
        },
        poison: (item) => ({ ...item, ts: Number.NaN }),
        later: (mark) => {
          const [generation, count] = mark.split('.');
          return `${generation}.${Number(count) + 7}`;
        },
      };
    },
  });
});
