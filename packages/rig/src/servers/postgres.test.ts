import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { livesAsPromised } from './life.contract.ts';
import { greet, startPostgres } from './postgres.ts';
import { absent } from './present.ts';
import { psql } from './psql.fixture.ts';
import { segmentsOf } from './shared-memory.fixture.ts';

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

  it('leaves no shared memory, emptied or done with', async () => {
    const pids: number[] = [];
    {
      await using server = await startPostgres();
      pids.push(server.pid);
      assert.equal(segmentsOf(pids).length, 1);
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
