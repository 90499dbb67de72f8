/** The cluster's store where several processes, and a server that misbehaves, are needed to see what it does. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Process } from '@hubbub/rig/process';
import { absent } from '@hubbub/rig/servers/present';
import { type Store, StoreError } from '@hubbub/server/store/store';
import postgres from 'postgres';
import type { Order } from './postgres-appender.ts';
import { Database, item } from './postgres-rig.ts';

const program = resolve(import.meta.dirname, 'postgres-appender.ts');

/** What it was told of each item, in order: `STATUS:OFFSET:NUMBER`. */
function told({ stdout }: Process): string[] {
  return stdout.split('\n').flatMap((line) => (/^\d+ ./.test(line) ? (line.split(' ')[1] ?? '').split(',') : []));
}

/** Of each item, by its number, the offset that it was told. */
function offsets(process: Process): Map<number, number> {
  return new Map(
    told(process).map((word) => {
      const [, offset, number] = word.split(':').map(Number);
      return [number ?? Number.NaN, offset ?? Number.NaN];
    }),
  );
}

describe('PostgreSQL, a server of many nodes', { skip: absent('postgres') }, () => {
  let database: Database;
  const started: Process[] = [];

  before(async () => {
    database = await Database.start();
  });
  after(async () => {
    await Promise.all(started.map((one) => one[Symbol.asyncDispose]()));
    await database[Symbol.asyncDispose]();
  });

  async function appender(name: string, order: Order): Promise<Process> {
    const args = [program, database.url, name, JSON.stringify(order)];
    const process = await Process.start({ command: globalThis.process.execPath, args, ready: /^ready$/m });
    started.push(process);
    return process;
  }

  async function run(name: string, orders: readonly Order[]): Promise<Process[]> {
    const all = await Promise.all(orders.map((order) => appender(name, order)));
    for (const one of all) one.signal('SIGUSR2');
    await Promise.all(all.map((one) => one.until(() => one.stdout.includes('\ndone\n'), 60_000)));
    return all;
  }

  async function noProblem(store: Store): Promise<{ readonly events: number }> {
    const problems: string[] = [];
    const read = await store.powers.checkable?.check((problem) => problems.push(problem));
    assert.deepEqual(problems, []);
    return read ?? { events: 0 };
  }

  for (const channels of [1, 1_000]) {
    it(`takes appends of eight processes on ${channels} channels: each once, dense, nothing refused`, async () => {
      const name = `eight_${channels}`;
      const orders = Array.from({ length: 8 }, (_, at) => ({ from: `user${at}`, channels, batches: 40, batchItems: 50, ids: `${at}` }));
      const all = await run(name, orders);
      for (const one of all) {
        assert.equal(told(one).length, 2_000);
        assert.ok(told(one).every((word) => word.startsWith('committed:')));
      }
      const store = await database.open(name);
      assert.equal((await noProblem(store)).events, 16_000);
      // In each channel the offsets that were told are 1, 2, 3, …, each told once.
      const places = all.flatMap((one) => [...offsets(one)].map(([number, offset]) => `${number % channels} ${offset}`));
      assert.equal(new Set(places).size, 16_000);
    });
  }

  it('I6 commits an id once that two processes send at once, a thousand times: both are told the same offset', async () => {
    // Several of a batch go to the same channel: each of them might be told the offset of another.
    const order = { from: 'ann', channels: 3, batches: 100, batchItems: 10, ids: 'a' };
    const [one, two] = await run('twice', [order, order]);
    assert.ok(one && two);
    const store = await database.open('twice');
    assert.equal((await noProblem(store)).events, 1_000);
    assert.equal(offsets(one).size, 1_000);
    assert.deepEqual(offsets(one), offsets(two));
    const committed = [...told(one), ...told(two)].filter((word) => word.startsWith('committed:'));
    assert.equal(committed.length, 1_000, 'each was new to one of them, and a duplicate to the other');
  });

  it('lets nobody wait for an appender that is stopped at any moment', async () => {
    const name = 'stopped';
    const order = { channels: 1, batches: 4_000, batchItems: 5 };
    const victim = await appender(name, { ...order, from: 'victim', ids: 'b' });
    const other = await appender(name, { ...order, from: 'other', ids: 'c' });
    for (const one of [victim, other]) one.signal('SIGUSR2');
    for (let stop = 0; stop < 20; stop++) {
      await pause(20 + 7 * stop);
      victim.signal('SIGSTOP');
      const before = told(other).length;
      // What it had written by then has come by now.
      await other.until(() => told(other).length > before + 50, 10_000);
      const frozen = told(victim).length;
      // Far more than one could have had under way.
      await other.until(() => told(other).length > before + 150, 10_000);
      assert.equal(told(victim).length, frozen);
      victim.signal('SIGCONT');
    }
    await Promise.all([victim.kill(), other.kill()]);
    await noProblem(await database.open(name));
  });

  it('stops one channel alone with the server process that holds its row, and that one comes back', async () => {
    const store = await database.open('held');
    await store.append([item(1, 'room:held'), item(2, 'room:free')]);
    const sql = postgres(database.url, { max: 1, onnotice: () => {} });
    const locked = Promise.withResolvers<number>();
    const release = Promise.withResolvers<void>();
    const holding = sql.begin(async (tx) => {
      const [row] = await tx<{ pid: number }[]>`SELECT pg_backend_pid() AS pid FROM held.heads WHERE channel = 'room:held' FOR UPDATE`;
      locked.resolve(row?.pid ?? 0);
      await release.promise;
    });
    const pid = await locked.promise;
    process.kill(pid, 'SIGSTOP');
    try {
      const both = [item(3, 'room:held'), item(4, 'room:free'), item(5, 'room:held')];
      const { outcomes } = await store.append(both, true);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['passed', 'committed', 'passed'],
      );
      // Waiting for it ends too, and says that nothing was written.
      const waiting = store.append([item(3, 'room:held')]);
      const [others] = await Promise.all([store.append([item(6, 'room:free')], true), assert.rejects(waiting, { code: 'unavailable' })]);
      assert.equal(others.outcomes[0]?.status, 'committed');
    } finally {
      process.kill(pid, 'SIGCONT');
      release.resolve();
      await holding;
      await sql.end();
    }
    assert.equal((await store.append([item(3, 'room:held')], true)).outcomes[0]?.status, 'committed');
    await noProblem(store);
  });

  it('lets everybody on other channels go on while the server process of an appender is stopped amid its transaction', async () => {
    const store = await database.open('amid');
    const sql = postgres(database.url, { max: 1, onnotice: () => {} });
    const backends = async (): Promise<number[]> =>
      (await sql<{ pid: number }[]>`SELECT pid FROM pg_stat_activity WHERE application_name = 'hubbub'`).map(({ pid }) => pid);
    const before = new Set(await backends());
    // Much in a transaction, so that it is amid one most of the time. It connects when it has something to ask.
    const victim = await appender('amid', { from: 'victim', prefix: 'held', channels: 1, batches: 4_000, batchItems: 400, ids: 'd' });
    victim.signal('SIGUSR2');
    await victim.until(() => told(victim).length > 0);
    const own = (await backends()).filter((pid) => !before.has(pid));
    const others = await Promise.all(
      ['e', 'f'].map((ids) => appender('amid', { from: ids, prefix: `free${ids}`, channels: 10, batches: 40_000, batchItems: 5, ids })),
    );
    for (const one of others) one.signal('SIGUSR2');
    /** Whether all of the others went on meanwhile, and it was stopped holding what an append holds. */
    async function goOnBeside(pid: number): Promise<boolean> {
      const stood = others.map((one) => told(one).length);
      const went = others.map((one, at) => one.until(() => told(one).length > (stood[at] ?? 0) + 150, 1_500));
      const all = (await Promise.allSettled(went)).every(({ status }) => status === 'fulfilled');
      const waiting = await sql`SELECT pid, wait_event FROM pg_stat_activity WHERE application_name = 'hubbub' AND pid <> ALL (${own})
        AND wait_event_type = 'Lock' AND wait_event IN ('advisory', 'relation', 'transactionid', 'tuple')`;
      assert.deepEqual([...waiting], [], 'on another channel somebody waits for a lock of ours');
      const held = await sql`SELECT FROM pg_locks WHERE pid = ${pid} AND granted
        AND (locktype, mode) IN (('advisory', 'ShareLock'), ('transactionid', 'ExclusiveLock'))`;
      return all && held.length === 2;
    }
    // Where it holds a latch of the server's own, as while it writes to the disk, everybody waits for that: such a stop shows nothing.
    for (let stop = 0, amid = 0; amid < 8; stop++) {
      assert.ok(stop < 100, `of ${stop} stops ${amid} were amid a transaction, with the others going on`);
      await pause(7 * (stop % 10));
      const [found] = await sql<{ pid: number }[]>`SELECT pid FROM pg_stat_activity WHERE pid = ANY (${own}) AND backend_xid IS NOT NULL`;
      if (!found) continue;
      let stopped = true;
      const resume = (): void => {
        if (stopped) process.kill(found.pid, 'SIGCONT');
        stopped = false;
      };
      process.kill(found.pid, 'SIGSTOP');
      // Before anybody's deadline, our questions' included.
      const guard = setTimeout(resume, 3_000);
      try {
        if ((await goOnBeside(found.pid)) && stopped) amid += 1;
      } finally {
        clearTimeout(guard);
        resume();
      }
    }
    const stood = told(victim).length;
    await victim.until(() => told(victim).length > stood + 1_000, 10_000);
    await Promise.all([victim, ...others].map((one) => one.kill()));
    await sql.end();
    await noProblem(store);
  });

  it('I10 answers within its own deadline when the server is stopped, and goes on when it is back', async () => {
    const store = await database.open('frozen', { deadlineMs: 1_500 });
    await store.append([item(1)]);
    await store.append([item(1)], true);
    database.server.pause();
    try {
      const calls = [
        store.append([item(2)]),
        store.append([item(3)], true),
        store.read('room:0', { after: 0 }, 10),
        store.moved(undefined, 10),
      ];
      const answers = await Promise.allSettled(calls);
      const codes = answers.map((answer) =>
        answer.status === 'rejected' && answer.reason instanceof StoreError ? answer.reason.code : 'answered',
      );
      assert.deepEqual(codes, ['unknown', 'unknown', 'unavailable', 'unavailable']);
    } finally {
      database.server.resume();
    }
    // Two looks, and it appends again: what it did not know it is told by the ids.
    for (let look = 0; look < 2; look++) await eventually(() => store.moved(undefined, 10));
    const { outcomes } = await eventually(() => store.append([item(2), item(3), item(4)]));
    assert.equal(outcomes.length, 3);
    assert.equal((await noProblem(store)).events, 4);
  });

  it('appends nothing over a new connection until it has looked twice', async () => {
    const store = await database.open('settling', { settleMs: 300 });
    await store.append([item(1)]);
    await database.ask(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hubbub' AND pid <> pg_backend_pid()`,
    );
    await eventually(() => store.heads([]));
    await assert.rejects(store.append([item(2)]), { code: 'unavailable' });
    await eventually(() => store.moved(undefined, 10));
    await assert.rejects(store.append([item(2)]), { code: 'unavailable' });
    await pause(300);
    await store.moved(undefined, 10);
    assert.equal((await store.append([item(2)])).outcomes[0]?.status, 'committed');
  });

  it('tells for how long somebody who has left a transaction open holds the looks back', async () => {
    const store = await database.open('aged');
    const age = (): number => store.powers.observable?.untilAge() ?? Number.NaN;
    await store.append([item(1)]);
    await store.moved(undefined, 10);
    assert.equal(age(), 0);
    const sql = postgres(database.url, { max: 1, onnotice: () => {} });
    const release = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const leftOpen = sql.begin(async (tx) => {
      await tx`CREATE TEMPORARY TABLE left_open (id integer)`;
      begun.resolve();
      await release.promise;
    });
    await begun.promise;
    await store.append([item(2)]);
    const { until } = await store.moved(undefined, 10);
    const first = age();
    // What is committed beside it is seen all the same, once.
    await store.append([item(3)]);
    const moved = await store.moved(until, 10);
    assert.deepEqual(moved.heads, [{ channel: 'room:0', head: 3, n: 3 }]);
    assert.deepEqual((await store.moved(moved.until, 10)).heads, []);
    assert.ok(age() > first);
    release.resolve();
    await leftOpen;
    await sql.end();
    await store.moved(undefined, 10);
    assert.equal(age(), 0);
  });

  it('drops what every look has seen and is old, by itself, and says so to whoever comes with a place from before', async () => {
    const store = await database.open('purged', { purgeEveryMs: 0 });
    const { until: old } = await store.moved(undefined, 10);
    for (let number = 1; number <= 5; number++) await store.append([item(number)]);
    await database.ask('UPDATE purged.moves SET at = at - 3600000');
    await store.append([item(6)]);
    await eventually(async () => assert.ok((await store.moved(old, 10)).purged));
    assert.deepEqual(await database.ask('SELECT count(*)::integer AS rows FROM purged.moves'), [{ rows: 1 }]);
  });

  it('tells of a busy channel once, however many batches it had', async () => {
    const store = await database.open('busy');
    let { until } = await store.moved(undefined, 10);
    for (let number = 1; number <= 200; number++) await store.append([item(number)]);
    const quiet = [...'abcdefghijklmno'].map((letter) => `room:${letter}`);
    await store.append(quiet.map((channel, at) => item(1_000 + at, channel)));
    const looks: (readonly string[])[] = [];
    for (let more = true; more; ) {
      const moved = await store.moved(until, 10);
      looks.push(moved.heads.map(({ channel, head }) => `${channel} ${head}`));
      ({ until, more } = moved);
    }
    const told = ['room:0 200', ...quiet.map((channel) => `${channel} 1`)];
    assert.deepEqual(looks, [told.slice(0, 10), told.slice(10)]);
  });

  it('leaves the head of a channel on its page: a new version of its row touches no index', async () => {
    const store = await database.open('hot');
    for (let batch = 0; batch < 50; batch++) await store.append([item(batch + 1)]);
    // The server counts what a session has done when that ends.
    await store.close();
    await eventually(async () => {
      const [row] = await database.ask<{ hot: string; all: string }>(
        `SELECT n_tup_hot_upd AS hot, n_tup_upd AS all FROM pg_stat_user_tables WHERE schemaname = 'hot' AND relname = 'heads'`,
      );
      assert.ok(Number(row?.all) >= 49 && Number(row?.hot) >= 0.9 * Number(row?.all), JSON.stringify(row));
    });
  });

  it('finds the newest commit by its key, whatever there was when that was planned', async () => {
    const store = await database.open('planned');
    const sql = postgres(database.url, { max: 1, onnotice: () => {}, connection: { search_path: 'planned' } });
    try {
      // An empty table that has been vacuumed is known to be cheapest to read whole, and sessions remember how they do it.
      await sql`VACUUM moves`;
      for (let at = 0; at < 10; at++) await sql`SELECT * FROM pair_1()`;
      await store.append([item(1)]);
      const scans = await sql.begin(async (tx) => {
        await tx`SELECT * FROM pair_1()`;
        const [row] = await tx<{ scans: number }[]>`SELECT pg_stat_get_xact_numscans('moves'::regclass)::integer AS scans`;
        return row?.scans;
      });
      assert.equal(scans, 0);
    } finally {
      await sql.end();
    }
  });
});

/** What passes is tried again, for ten seconds at most. */
async function eventually<Result>(work: () => Promise<Result>): Promise<Result> {
  for (const end = Date.now() + 10_000; ; await pause(50)) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
