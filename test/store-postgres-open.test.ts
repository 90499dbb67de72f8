/** Which databases a node opens, which it refuses, and what it says of these. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { startPostgres } from '@hubbub/rig/servers/postgres';
import { absent } from '@hubbub/rig/servers/present';
import type { RealServer } from '@hubbub/rig/servers/server';
import { until } from '@hubbub/rig/servers/until';
import { openPostgres, PostgresOpenError } from '@hubbub/server/store/postgres/open';
import type { Item, Store } from '@hubbub/server/store/store';
import postgres from 'postgres';

const schema = 'hubbub';

function item(number: number): Item {
  const id = `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
  return { channel: 'room:0', id, from: 'ann', kind: 'say', body: `"${number}"`, counts: true };
}

describe('PostgreSQL, opened', { skip: absent('postgres') }, () => {
  let server: RealServer;
  const opened: Store[] = [];

  before(async () => {
    server = await startPostgres({ settings: { max_connections: '200' } });
  });
  after(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await server[Symbol.asyncDispose]();
  });

  async function open(name: string): Promise<Store> {
    const store = await openPostgres({ url: server.url, schema: name, settleMs: 0, deadlineMs: 4_000 });
    opened.push(store);
    return store;
  }

  async function ask<Row>(text: string, url = server.url): Promise<readonly Row[]> {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    try {
      return [...(await sql.unsafe(text))] as unknown as Row[];
    } finally {
      await sql.end();
    }
  }

  it('makes its tables once when ten nodes start at once on an empty database', async () => {
    const stores = await Promise.all(Array.from({ length: 10 }, () => open('born')));
    assert.equal(new Set(stores.map(({ cluster }) => cluster)).size, 1);
    await Promise.all(stores.map((store, at) => store.append([item(at + 1)])));
    const problems: string[] = [];
    const read = await (await open('born')).powers.checkable?.check((problem) => problems.push(problem));
    assert.deepEqual([problems, read?.events], [[], 10]);
  });

  it('works on the next schema, and refuses the one after it, and tables of somebody else', async () => {
    await open('later');
    await ask('UPDATE later.meta SET version = version + 1');
    await (await open('later')).append([item(1)]);
    await ask('UPDATE later.meta SET version = version + 1');
    await assert.rejects(open('later'), (error) => error instanceof PostgresOpenError && error.code === 'newer');
    await ask('CREATE SCHEMA shop; CREATE TABLE shop.orders (id integer)');
    await assert.rejects(open('shop'), (error) => error instanceof PostgresOpenError && error.code === 'foreign');
    await ask('CREATE SCHEMA shelf; CREATE TABLE shelf.meta (id integer)');
    await assert.rejects(open('shelf'), (error) => error instanceof PostgresOpenError && error.code === 'foreign');
    assert.deepEqual(await ask(`SELECT count(*)::integer AS tables FROM pg_class WHERE relnamespace = 'shop'::regnamespace`), [
      { tables: 1 },
    ]);
  });

  it('says why it cannot be opened, and never the password', async () => {
    const url = (text: string): string => server.url.replace('postgres@127', `nobody:hunter2@127`).replace(/\/postgres$/, text);
    const cases: [string, RegExp][] = [
      [url('/postgres'), /role "nobody" does not exist|authentication failed/],
      [server.url.replace(/\/postgres$/, '/nowhere'), /database "nowhere" does not exist/],
      ['postgres://a:hunter2@127.0.0.1:1/x', /ECONNREFUSED/],
    ];
    for (const [wrong, message] of cases) {
      await assert.rejects(
        openPostgres({ url: wrong, schema }),
        (error) =>
          error instanceof PostgresOpenError &&
          error.code === 'unreachable' &&
          message.test(error.message) &&
          !error.message.includes('hunter2'),
      );
    }
  });

  it('lets in whoever has the right password, and says of a wrong one that it is, and never which', async () => {
    await ask(`CREATE ROLE locked LOGIN PASSWORD 'open sesame'; GRANT CREATE ON DATABASE postgres TO locked`);
    const rules = join(server.folder, 'data/pg_hba.conf');
    writeFileSync(rules, `host all locked 127.0.0.1/32 scram-sha-256\n${readFileSync(rules, 'utf8')}`);
    await ask('SELECT pg_reload_conf()');
    const url = (password: string): string => server.url.replace('postgres@127', `locked:${encodeURIComponent(password)}@127`);
    // Reloading it takes a moment.
    await until('the rule holds', async () => {
      await assert.rejects(ask('SELECT', url('anything')), { code: '28P01' });
      return true;
    });
    const wrong = openPostgres({ url: url('hunter2'), schema: 'locked', settleMs: 0 });
    await assert.rejects(wrong, (error) => {
      assert.ok(error instanceof PostgresOpenError);
      assert.equal(error.code, 'unreachable');
      assert.match(error.message, /password authentication failed for user "locked"/);
      // Wherever it might stand, the cause and the stack included.
      assert.doesNotMatch(inspect(error, { showHidden: true, depth: null }), /hunter2|sesame/);
      return true;
    });
    const store = await openPostgres({ url: url('open sesame'), schema: 'locked', settleMs: 0 });
    opened.push(store);
    assert.equal((await store.append([item(1)])).outcomes[0]?.status, 'committed');
  });

  for (const setting of ['fsync', 'synchronous_commit']) {
    it(`refuses a server that does not sync what it commits: ${setting}=off`, async () => {
      await using careless = await startPostgres({ settings: { [setting]: 'off' } });
      await assert.rejects(
        openPostgres({ url: careless.url, schema }),
        (error) => error instanceof PostgresOpenError && error.code === 'unsafe' && error.message.includes(`${setting} is off`),
      );
    });
  }
});
