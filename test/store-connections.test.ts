/** Which of several servers a node takes, what it takes for an answer, and what it leaves behind there. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import { FaultProxy } from '@hubbub/rig/proxy';
import { startPostgres } from '@hubbub/rig/servers/postgres';
import { absent } from '@hubbub/rig/servers/present';
import type { RealServer } from '@hubbub/rig/servers/server';
import { openPostgres, type PostgresOptions } from '@hubbub/server/store/postgres/open';
import type { Store, StoreError } from '@hubbub/server/store/store';
import postgres from 'postgres';
import { Database, databaseSettings, item } from './postgres-rig.ts';

const room = 'room:0';

describe('connections to PostgreSQL', { skip: absent('postgres') }, () => {
  let database: Database;
  let server: RealServer;
  let sql: postgres.Sql;

  before(async () => {
    database = await Database.start();
    server = database.server;
    sql = postgres(server.url, { max: 1, onnotice: () => {} });
  });
  after(async () => {
    await sql.end();
    await database[Symbol.asyncDispose]();
  });

  const open = (schema: string, url = server.url, more: Partial<PostgresOptions> = {}): Promise<Store> =>
    database.open(schema, { url, deadlineMs: 3_000, ...more });

  const hosts = (...ports: readonly number[]): string => `postgres://postgres@${ports.map((port) => `127.0.0.1:${port}`).join()}/postgres`;

  async function set(...settings: readonly string[]): Promise<void> {
    for (const setting of settings) await sql.unsafe(`ALTER SYSTEM ${setting}`);
    await sql`SELECT pg_reload_conf()`;
    // Each session takes it up before its next statement.
    await pause(200);
  }

  it('I10 a host that takes connections and says nothing keeps nobody from the next one', async () => {
    await using hole = await FaultProxy.open(server.port);
    hole.set({ up: 'hold', down: 'hold' });
    const store = await open('hole', hosts(hole.port, server.port));
    assert.equal((await store.append([item(1)])).outcomes[0]?.status, 'committed');
  });

  it('I10 a host that falls silent is left for the next one', async () => {
    await using first = await FaultProxy.open(server.port);
    const store = await open('silent', hosts(first.port, server.port));
    await store.heads([room]);
    first.set({ up: 'lose', down: 'lose' });
    first.reset();
    for (let tries = 1; ; tries++) {
      const found = await store.heads([room]).catch(() => undefined);
      if (found) break;
      assert.ok(tries < 10, 'nobody went on to the next host');
    }
  });

  it('takes the server that takes writes, wherever it stands in the list', async () => {
    await using standby = await startPostgres({ standbyOf: server, settings: databaseSettings });
    const store = await open('standby', hosts(standby.port, server.port));
    assert.equal((await store.append([item(1)])).outcomes[0]?.status, 'committed');
    assert.equal((await store.append([item(2)], true)).outcomes[0]?.status, 'committed');
    assert.equal((await store.read(room, { after: 0 }, 10)).entries.length, 2);
    await assert.rejects(openPostgres({ url: standby.url, schema: 'standby' }), { code: 'unsafe', message: /takes no writes/ });
  });

  it('ends a check that nobody waits for any more, also while it is connecting', async () => {
    await using proxy = await FaultProxy.open(server.port);
    const store = await open('checked', hosts(proxy.port));
    proxy.set({ up: 'hold' });
    const nobody = new AbortController();
    const checking = store.powers.checkable?.check(() => {}, { signal: nobody.signal }) ?? Promise.resolve();
    nobody.abort();
    proxy.set({ up: 'pass' });
    await assert.rejects(checking, { code: 'unavailable', message: /nobody waits/ });
  });

  it('I1 nothing is answered, and no new history begun, while the server does not sync; afterwards all goes on', async () => {
    const store = await open('unsynced');
    const { epoch } = await store.append([item(1)]);
    await set('SET synchronous_commit = off');
    try {
      for (let round = 0; round < 3; round++) {
        await assert.rejects(store.append([item(2)]), { code: 'unavailable', message: /synchronous_commit is off/ });
        await assert.rejects(store.moved(undefined, 10), { code: 'unavailable' });
        await assert.rejects(store.powers.renewable?.renew(epoch) ?? Promise.resolve(), { code: 'unavailable' });
      }
    } finally {
      await set('RESET synchronous_commit');
    }
    assert.equal((await store.moved(undefined, 10)).epoch, epoch);
    assert.equal((await store.append([item(2)])).outcomes[0]?.status, 'committed');
  });

  it('I1 with --sync-standby what no standby has is not acknowledged', async () => {
    const store = await open('replicated', server.url, { syncStandby: true });
    await store.append([item(1)]);
    await set(`SET synchronous_standby_names = 'nobody'`);
    try {
      await assert.rejects(store.append([item(2)]), { code: 'unknown', message: /standby/ });
    } finally {
      await set('RESET synchronous_standby_names');
    }
    for (let look = 0; look < 2; look++) await store.moved(undefined, 10);
    assert.equal((await store.append([item(2)])).outcomes[0]?.status, 'duplicate');
    await set('SET synchronous_commit = local');
    try {
      await assert.rejects(openPostgres({ url: server.url, schema: 'replicated', syncStandby: true }), { code: 'unsafe' });
    } finally {
      await set('RESET synchronous_commit');
    }
  });

  it('I11 knows of a history at least what it says of it: another node committed what it calls a duplicate', async () => {
    const [first, second] = [await open('mark'), await open('mark')];
    await first.append([item(1)]);
    await second.append([item(1)]);
    const [held, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const other = postgres(server.url, { max: 1, onnotice: () => {} });
    const holding = other.begin(async (tx) => {
      await tx`SELECT FROM mark.heads WHERE channel = ${room} FOR UPDATE`;
      held.resolve();
      await release.promise;
    });
    await held.promise;
    const waiting = async (count: number): Promise<void> => {
      for (;;) {
        const [row] = await sql<{ count: number }[]>`SELECT count(*)::integer AS count FROM pg_locks WHERE NOT granted`;
        if (row?.count === count) return;
        await pause(10);
      }
    };
    const committing = first.append([item(2)]);
    await waiting(1);
    const repeating = second.append([item(2)]);
    await waiting(2);
    release.resolve();
    await holding;
    await other.end();
    const [committed, repeated] = [await committing, await repeating];
    assert.deepEqual([committed.outcomes[0]?.status, repeated.outcomes[0]?.status], ['committed', 'duplicate']);
    const countOf = (mark: string): number => Number(mark.split('.')[1]);
    assert.ok(countOf(repeated.mark) >= countOf(committed.mark), `${repeated.mark} is before ${committed.mark}`);
  });

  it('I10 is back with the first question that can be answered, whenever its connections were closed', async () => {
    await using proxy = await FaultProxy.open(Number(new URL(server.url).port));
    const through = new URL(server.url);
    through.port = `${proxy.port}`;
    const store = await open('closed', through.href, { deadlineMs: 4_000 });
    const refusals = new Set<string>();
    let on = true;
    // Asks all the time, so that there is always something that waits to be written when a connection is closed.
    const asking = Array.from({ length: 8 }, async () => {
      while (on) {
        await store.heads(['room:0']).catch((error: Error) => refusals.add(error.message));
        await setImmediate();
      }
    });
    for (let round = 0; round < 60; round++) {
      await pause(20);
      proxy[round % 2 === 0 ? 'cut' : 'reset']();
    }
    on = false;
    await Promise.all(asking);
    assert.ok(refusals.size > 0, 'no connection was lost in the middle of a question');
    assert.deepEqual(
      [...refusals].filter((text) => /CONNECT_TIMEOUT|no answer/.test(text)),
      [],
    );
  });

  it('I1 finds that what it has acknowledged is gone, though as many transactions are counted as before', async () => {
    const [store, other] = [await open('gone'), await open('gone')];
    const { epoch } = await store.append([item(1)]);
    await other.append([{ ...item(2), channel: 'room:1' }]);
    await sql`DELETE FROM gone.events WHERE channel = ${room}`;
    await sql`DELETE FROM gone.moves WHERE channel = ${room}`;
    await sql`UPDATE gone.heads SET head = 0, n = 0 WHERE channel = ${room}`;
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hubbub' AND pid <> pg_backend_pid()`;
    const codeOf = async (look: () => Promise<unknown>): Promise<unknown> => {
      for (;;) {
        const error = await look().then(
          () => undefined,
          (cause: unknown) => cause as StoreError,
        );
        if (error?.code !== 'unavailable') return error?.code;
      }
    };
    assert.equal(await codeOf(() => store.moved(undefined, 10)), 'rolled_back');
    await assert.rejects(store.append([item(3)]), { code: 'unavailable' });
    // Who has acknowledged none of it has nothing to say.
    assert.equal(await codeOf(() => other.moved(undefined, 10)), undefined);
    const renewed = await store.powers.renewable?.renew(epoch);
    assert.notEqual(renewed?.epoch, epoch);
    await store.moved(undefined, 10);
    assert.equal((await store.append([item(1)])).outcomes[0]?.status, 'committed');
  });

  it('leaves no session at the server, however much it was asked when a connection broke', async () => {
    const store = await open('left');
    await store.append([item(1)]);
    const calls = Array.from({ length: 2_000 }, () => store.heads([room]).catch(() => undefined));
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hubbub' AND pid <> pg_backend_pid()`;
    await Promise.all(calls);
    await database.closeAll();
    await pause(1_500);
    const left = await sql`SELECT pid, query FROM pg_stat_activity WHERE application_name = 'hubbub'`;
    assert.deepEqual([...left], []);
  });
});
