/** A backup of the cluster's database is put back, by the steps that docs/operations.md names: what clients see of it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Client, connect } from '@hubbub/client';
import { Process } from '@hubbub/rig/process';
import { absent } from '@hubbub/rig/servers/present';
import { find } from '@hubbub/rig/servers/programs';
import { until } from '@hubbub/rig/servers/until';
import { Cluster } from './cluster-rig.ts';
import { hubbub, Stage } from './server-rig.ts';

const lacking = absent('postgres') || (find('pg_dump') && find('psql') ? false : 'no pg_dump, no psql on this machine');

async function run(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await Process.run({ command: find(program) ?? program, args });
  assert.equal(code, 0, stderr);
  return stdout;
}

describe('a backup that is put back', { skip: lacking }, () => {
  it('begins a new history where an operator says so: clients reload, what was not in it is gone, and what waits is sent', async () => {
    await using cluster = await Cluster.start('--drain', '0');
    await using stage = new Stage();
    const file = join(stage.folder(), 'backup.sql');
    const texts = new Map<number, string>();
    const resets: string[] = [];
    const client: Client = connect({ url: cluster.node(0).url, credentials: { name: 'Ann' } });
    using _ = { [Symbol.dispose]: () => client.close() };
    client.subscribe('room:general', {
      position: '0',
      onEvents: (events) => {
        for (const { offset, kind, body } of events) if (kind === 'message') texts.set(offset, (body as { text: string }).text);
      },
      onReset: (reason) => {
        resets.push(reason);
        texts.clear();
      },
    });
    const say = (text: string): Promise<unknown> => client.send('room:general', { kind: 'message', body: { text } });
    const hears = (...wanted: string[]): Promise<void> =>
      until(
        `hears ${wanted}`,
        () =>
          [...texts.entries()]
            .sort(([a], [b]) => a - b)
            .map(([, text]) => text)
            .join() === wanted.join(),
      );

    await say('one');
    writeFileSync(file, await run('pg_dump', '--schema=hubbub', '--dbname', cluster.store.url));
    // One that the backup has not, and, after it is put back, the same offset is another event's.
    await say('two');
    await hears('one', 'two');
    await Promise.all(cluster.nodes.map(({ process }) => process.kill('SIGTERM')));
    const waiting = say('waits');
    const sql = (...args: string[]): Promise<string> => run('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', cluster.store.url, ...args);
    await sql('-c', 'DROP SCHEMA hubbub CASCADE');
    await sql('-f', file);

    const aside = await cluster.aside();
    const renewed = await hubbub('epoch', '--new', '--data', aside.data);
    assert.deepEqual([renewed.code, /^\S+\n$/.test(renewed.stdout)], [0, true], renewed.stderr);
    const checked = await hubbub('check', '--data', aside.data);
    assert.match(checked.stdout, / 0 problems\n$/);
    await aside.process.kill('SIGTERM');

    await Promise.all(cluster.nodes.map((__, at) => cluster.begin(at)));
    client.reconnect();
    await waiting;
    await hears('one', 'waits');
    assert.deepEqual(resets, ['new_epoch']);
  });
});
