/** A schema of an older version that nodes of a newer one find, while those of the older one work on it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPostgres } from '@hubbub/rig/servers/postgres';
import { absent } from '@hubbub/rig/servers/present';
import type { RealServer } from '@hubbub/rig/servers/server';
import { openPostgres, PostgresOpenError } from '@hubbub/server/store/postgres/open';
import { upgrades } from '@hubbub/server/store/postgres/schema';
import type { Item, Store } from '@hubbub/server/store/store';
import postgres from 'postgres';

/** What a next version might add, everywhere. Not to be run twice. */
const added = `${['meta', 'heads', 'events', 'facts', 'moves'].map((table) => `ALTER TABLE ${table} ADD COLUMN later bigint;`).join('\n')}
  CREATE INDEX heads_later ON heads (later);
  CREATE TABLE later (times integer NOT NULL);
  INSERT INTO later VALUES (1);`;
const next: readonly string[] = [...upgrades, added];
/** Of a schema that this version has made. */
const version = upgrades.length + 1;

function item(number: number, channel = 'room:0'): Item {
  const id = `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
  const writes = [{ key: `fact:${number % 3}`, value: `"${number}"` }];
  return { channel, id, from: 'ann', kind: 'say', body: `"${number}"`, counts: true, facts: writes };
}

describe('PostgreSQL, a schema of an older version', { skip: absent('postgres') }, () => {
  let server: RealServer;
  let sql: postgres.Sql;
  const opened: Store[] = [];

  before(async () => {
    server = await startPostgres({ settings: { max_connections: '200' } });
    sql = postgres(server.url, { max: 2, onnotice: () => {} });
  });
  after(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await sql.end();
    await server[Symbol.asyncDispose]();
  });

  async function open(schema: string, of: readonly string[] = upgrades): Promise<Store> {
    const store = await openPostgres({ url: server.url, schema, settleMs: 0, upgrades: of });
    opened.push(store);
    return store;
  }

  async function versionOf(schema: string): Promise<number> {
    const [row] = await sql<{ version: number }[]>`SELECT version FROM ${sql(schema)}.meta`;
    return row?.version ?? 0;
  }

  /** Tables and indexes, with their columns in order. */
  async function shapeOf(schema: string): Promise<readonly string[]> {
    const rows = await sql<{ shape: string }[]>`
      SELECT concat_ws(' ', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) AS shape
      FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
      WHERE c.relnamespace = ${schema}::regnamespace AND a.attnum > 0 ORDER BY c.relname, a.attnum`;
    return rows.map(({ shape }) => shape);
  }

  async function noProblem(store: Store): Promise<number> {
    const problems: string[] = [];
    const read = await store.powers.checkable?.check((problem) => problems.push(problem));
    assert.deepEqual(problems, []);
    return read?.events ?? 0;
  }

  it('is upgraded once by ten nodes that start at once, and a node of the version before goes on working on it', async () => {
    const old = await open('ten');
    let number = 0;
    let { until } = await old.moved(undefined, 10);
    const work: readonly (() => Promise<unknown>)[] = [
      async () => {
        const { outcomes } = await old.append([item(++number), item(++number, 'room:1')], number % 4 === 0);
        for (const { status } of outcomes) assert.match(status, /^(committed|passed)$/);
      },
      () => old.read('room:0', { after: 0 }, 100),
      () => old.heads(['room:0', 'room:1']),
      () => old.facts({ channel: 'room:0', prefix: '' }, 100),
      async () => ({ until } = await old.moved(until, 10)),
      () => old.trim('room:0', Math.floor(number / 4)),
    ];
    let on = true;
    const rounds = work.map(() => 0);
    const working = Promise.all(
      work.map(async (one, at) => {
        // Before the upgrade, so that all is planned and remembered, amid it, and after it.
        for (let left = 20; left > 0; left -= on ? 0 : 1) {
          await one();
          rounds[at] = (rounds[at] ?? 0) + 1;
        }
      }),
    );
    // It may fail while nobody waits for it yet.
    working.catch(() => {});
    while (rounds.some((round) => round < 20)) await Promise.race([working, old.heads([])]);
    const nodes = await Promise.all(Array.from({ length: 10 }, () => open('ten', next)));
    on = false;
    await working;
    assert.equal(await versionOf('ten'), version + 1);
    assert.deepEqual([...(await sql`SELECT times FROM ten.later`)], [{ times: 1 }]);
    const outcomes = await Promise.all(nodes.map((node, at) => node.append([item(1_000_000 + at)])));
    assert.ok(outcomes.every((answer) => answer.outcomes[0]?.status === 'committed'));
    // One of the version before may start beside them.
    await (await open('ten')).append([item(2_000_000)]);
    assert.ok((await noProblem(old)) > 11);
    assert.equal(await versionOf('ten'), version + 1);
  });

  it('comes to what an empty database is given, over several versions at once', async () => {
    const two = [...next, 'ALTER TABLE later ADD COLUMN still_later text'];
    await (await open('far')).append([item(1)]);
    const store = await open('far', two);
    await open('anew', two);
    assert.equal(await versionOf('far'), version + 2);
    assert.equal(await versionOf('anew'), version + 2);
    assert.ok((await shapeOf('far')).includes('later still_later text f'));
    assert.deepEqual(await shapeOf('far'), await shapeOf('anew'));
    assert.equal((await store.append([item(1)])).outcomes[0]?.status, 'duplicate');
  });

  it('is left whole by an upgrade that fails, which says why; those before it stay', async () => {
    const old = await open('fails');
    const shape = await shapeOf('fails');
    const bad = [...upgrades, `${added} INSERT INTO later SELECT 1 / 0`];
    const says = (to: number): ((error: unknown) => boolean) => {
      const text = `could not be upgraded to version ${to}, it is left as it was, at version ${to - 1}: division by zero`;
      return (error) => error instanceof PostgresOpenError && error.message.includes(text);
    };
    await assert.rejects(open('fails', bad), says(version + 1));
    assert.equal(await versionOf('fails'), version);
    assert.deepEqual(await shapeOf('fails'), shape);
    assert.equal((await old.append([item(1)])).outcomes[0]?.status, 'committed');

    await assert.rejects(open('fails', [...next, 'ALTER TABLE later ADD COLUMN gone text; SELECT 1 / 0']), says(version + 2));
    assert.equal(await versionOf('fails'), version + 1);
    assert.ok(!(await shapeOf('fails')).some((line) => line.includes('gone')));
    assert.equal((await old.append([item(2)])).outcomes[0]?.status, 'committed');
    assert.equal(await noProblem(await open('fails', next)), 2);
  });

  it('holds nobody up for long while its upgrade waits for somebody who reads', async () => {
    const old = await open('read');
    await old.append([item(1)]);
    const reading = await sql.reserve();
    let on = true;
    async function work(): Promise<void> {
      for (let number = 2; on; number++) {
        assert.equal((await old.append([item(number)])).outcomes[0]?.status, 'committed');
        await old.read('room:0', { after: 0 }, 10);
      }
    }
    let failed: unknown;
    const noting = (error: unknown): void => {
      failed = error;
    };
    await reading`BEGIN`;
    await reading`SELECT FROM read.events`;
    const working = work();
    const upgraded = open('read', next);
    working.catch(noting);
    upgraded.catch(noting);
    try {
      for (const attempts = new Set<string>(); attempts.size < 5; ) {
        const waiting = await sql<{ begun: string }[]>`SELECT xact_start::text AS begun FROM pg_stat_activity
          WHERE application_name = 'hubbub' AND wait_event = 'relation' AND query LIKE '%ADD COLUMN later%'`;
        for (const { begun } of waiting) attempts.add(begun);
        assert.ifError(failed);
      }
    } finally {
      on = false;
      await reading`COMMIT`;
      reading.release();
    }
    await working;
    await noProblem(await upgraded);
    assert.equal(await versionOf('read'), version + 1);
  });

  it('is not ours where its version is one that there never was', async () => {
    await open('never');
    for (const wrong of ['0', '-1', `'NaN'`, 'NULL', '1.5']) {
      await sql.unsafe(
        `ALTER TABLE never.meta ALTER version DROP NOT NULL, ALTER version TYPE float8; UPDATE never.meta SET version = ${wrong}`,
      );
      await assert.rejects(open('never'), (error) => error instanceof PostgresOpenError && error.code === 'foreign');
    }
  });
});
