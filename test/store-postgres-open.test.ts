/** Which databases a node opens, which it refuses, and what it says of these. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { startPostgres } from '@hubbub/rig/servers/postgres';
import { absent } from '@hubbub/rig/servers/present';
import { until } from '@hubbub/rig/servers/until';
import { openPostgres, PostgresOpenError } from '@hubbub/server/store/postgres/open';
import { Database, item } from './postgres-rig.ts';

const schema = 'hubbub';

describe('PostgreSQL, opened', { skip: absent('postgres') }, () => {
  let database: Database;

  before(async () => {
    database = await Database.start();
  });
  after(async () => {
    await database[Symbol.asyncDispose]();
  });

  it('makes its tables once when ten nodes start at once on an empty database', async () => {
    const stores = await Promise.all(Array.from({ length: 10 }, () => database.open('born')));
    assert.equal(new Set(stores.map(({ cluster }) => cluster)).size, 1);
    await Promise.all(stores.map((store, at) => store.append([item(at + 1)])));
    const problems: string[] = [];
    const read = await (await database.open('born')).powers.checkable?.check((problem) => problems.push(problem));
    assert.deepEqual([problems, read?.events], [[], 10]);
  });

  it('works on the next schema, and refuses the one after it, and tables of somebody else', async () => {
    await database.open('later');
    await database.ask('UPDATE later.meta SET version = version + 1');
    await (await database.open('later')).append([item(1)]);
    await database.ask('UPDATE later.meta SET version = version + 1');
    await assert.rejects(database.open('later'), (error) => error instanceof PostgresOpenError && error.code === 'newer');
    await database.ask('CREATE SCHEMA shop; CREATE TABLE shop.orders (id integer)');
    await assert.rejects(database.open('shop'), (error) => error instanceof PostgresOpenError && error.code === 'foreign');
    await database.ask('CREATE SCHEMA shelf; CREATE TABLE shelf.meta (id integer)');
    await assert.rejects(database.open('shelf'), (error) => error instanceof PostgresOpenError && error.code === 'foreign');
    assert.deepEqual(await database.ask(`SELECT count(*)::integer AS tables FROM pg_class WHERE relnamespace = 'shop'::regnamespace`), [
      { tables: 1 },
    ]);
  });

  it('says why it cannot be opened, and never the password', async () => {
    const url = (text: string): string => database.url.replace('postgres@127', `nobody:hunter2@127`).replace(/\/postgres$/, text);
    const cases: [string, RegExp][] = [
      [url('/postgres'), /role "nobody" does not exist|authentication failed/],
      [database.url.replace(/\/postgres$/, '/nowhere'), /database "nowhere" does not exist/],
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
    await database.ask(`CREATE ROLE locked LOGIN PASSWORD 'open sesame'; GRANT CREATE ON DATABASE postgres TO locked`);
    const rules = join(database.server.folder, 'data/pg_hba.conf');
    writeFileSync(rules, `host all locked 127.0.0.1/32 scram-sha-256\n${readFileSync(rules, 'utf8')}`);
    await database.ask('SELECT pg_reload_conf()');
    const url = (password: string): string => database.url.replace('postgres@127', `locked:${encodeURIComponent(password)}@127`);
    // Reloading it takes a moment.
    await until('the rule holds', async () => {
      await assert.rejects(database.ask('SELECT', url('anything')), { code: '28P01' });
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
    const store = await database.open('locked', { url: url('open sesame') });
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
