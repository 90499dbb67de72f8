import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { livesAsPromised } from './life.contract.ts';
import { greet, startPostgres } from './postgres.ts';
import { absent } from './present.ts';
import { psql } from './psql.fixture.ts';
import { segmentsOf } from './shared-memory.fixture.ts';

/** As the kernel says it: S for one that waits, T for one that was stopped; undefined for one that has ended. */
function state(pid: number): string | undefined {
  const path = `/proc/${pid}/stat`;
  const letter = existsSync(path) ? /\) (\w)/.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
  return letter === 'Z' ? undefined : letter;
}

describe('postgres', { skip: absent('postgres') }, () => {
  livesAsPromised(startPostgres, {
    ping: greet,
    async write(port) {
      await psql(port, "create table greetings as select 'hello' as text");
    },
    async written(port) {
      return (await psql(port, "select to_regclass('greetings') is not null")) === 't';
    },
  });

  it('has the settings that were asked for, and syncs', async () => {
    await using server = await startPostgres({ settings: { max_connections: '17' } });
    assert.equal(await psql(server.port, 'show max_connections'), '17');
    assert.equal(await psql(server.port, 'show fsync'), 'on');
    assert.equal(await psql(server.port, 'show synchronous_commit'), 'on');
  });

  it('has helpers, each in a session of its own, that are paused and killed with it', async () => {
    await using server = await startPostgres();
    const helpers = (await psql(server.port, 'select pid from pg_stat_activity where pid <> pg_backend_pid()')).split('\n').map(Number);
    assert.ok(helpers.length >= 4, helpers.join());
    server.pause();
    assert.deepEqual(helpers.map(state), Array(helpers.length).fill('T'));
    await server.kill();
    assert.deepEqual(helpers.map(state), Array(helpers.length).fill(undefined));
  });

  it('leaves no shared memory, killed, emptied or done with', async () => {
    const pids: number[] = [];
    {
      await using server = await startPostgres();
      pids.push(server.pid);
      assert.equal(segmentsOf(pids).length, 1);
      await server.kill();
      assert.deepEqual(segmentsOf(pids), []);
      await server.start();
      pids.push(server.pid);
      await server.empty();
      pids.push(server.pid);
      assert.equal(segmentsOf(pids).length, 1);
    }
    assert.deepEqual(segmentsOf(pids), []);
  });

  it('says why it does not start', async () => {
    await assert.rejects(startPostgres({ settings: { no_such_setting: '1' } }), /postgres ended while it started.*no_such_setting/s);
  });
});
