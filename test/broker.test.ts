/** `serve --broker`: a server whose broker is not there runs all the same, says so, and is heard when it comes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect } from '@hubbub/client';
import { limits } from '@hubbub/protocol/limits';
import { absent } from '@hubbub/rig/servers/present';
import { startServer } from '@hubbub/rig/servers/start';
import { complaints, hubbub, type RunningServer, Stage } from './server-rig.ts';
import { waitFor } from './store-rig.ts';

async function degraded({ url }: RunningServer): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`);
  assert.equal(answer.status, 200, 'a broker that is away takes no node out of the balancer');
  return ((await answer.json()) as { degraded: boolean }).degraded;
}

async function figure({ url }: RunningServer, pattern: RegExp): Promise<number> {
  return Number(pattern.exec(await (await fetch(`${url}/metrics`)).text())?.[1]);
}

const dropped = (server: RunningServer): Promise<number> => figure(server, /^hubbub_broker_dropped (\d+)$/m);
const branch = (server: RunningServer, name: string): Promise<number> =>
  figure(server, new RegExp(`^hubbub_branches_total\\{branch="${name}"\\} (\\d+)$`, 'm'));

describe('a server with a broker', { skip: absent('nats') }, () => {
  it('starts without it, is degraded, and is well as soon as it is there; its password is said nowhere', async () => {
    await using nats = await startServer('nats');
    await nats.kill();
    await using stage = new Stage();
    const url = nats.url.replace('nats://', 'nats://ann:s3cret@');
    const server = await stage.serve(stage.folder(), '--broker', url, '--broker-prefix', 'test');
    await waitFor('it is degraded', () => degraded(server));
    assert.ok((await dropped(server)) > 0);
    await nats.start();
    await waitFor('it is not degraded', async () => !(await degraded(server)));
    const [away = '', back = '', ...more] = complaints(server).trim().split('\n');
    assert.match(away, /^hubbub: the broker nats:\/\/127\.0\.0\.1:\d+ is away \(.+\); trying again until it is back$/);
    assert.match(back, /^hubbub: the broker nats:\/\/127\.0\.0\.1:\d+ is back after \d+\.\d s$/);
    assert.deepEqual(more, []);
    assert.doesNotMatch(server.process.stderr + server.process.stdout, /s3cret/);
    await server.process.kill('SIGTERM');
  });

  it('applies nothing of another cluster that shares it by mistake', async () => {
    await using nats = await startServer('nats');
    await using stage = new Stage();
    const [ours, theirs] = await Promise.all([0, 1].map(() => stage.serve(stage.folder(), '--broker', nats.url)));
    assert.ok(ours && theirs);
    const [ann, bob] = [ours, theirs].map(({ url }) => connect({ url, credentials: { name: 'ann' } }));
    assert.ok(ann && bob);
    using undo = new DisposableStack();
    for (const client of [ann, bob]) undo.adopt(client, () => client.close());
    const heard: string[] = [];
    ann.subscribe('room:general', {
      position: '0',
      onEvents: (events) => heard.push(...events.flatMap(({ kind, body }) => (kind === 'message' ? String(body) : []))),
    });
    await waitFor('they are linked', () => ann.status.state === 'live');
    for (let word = 1; word <= 20; word++) await bob.send('room:general', { kind: 'message', body: `theirs ${word}` });
    await waitFor('they come here', async () => (await branch(ours, 'bell_foreign')) >= 20);
    await ann.send('room:general', { kind: 'message', body: 'ours' });
    await waitFor('ours is there', () => heard.length > 0);
    assert.deepEqual(heard, ['ours']);
  });

  it('ends in good order while it is away', async () => {
    await using nats = await startServer('nats');
    await using stage = new Stage();
    const server = await stage.serve(stage.folder(), '--broker', nats.url);
    await nats.kill();
    assert.deepEqual(await server.process.kill('SIGTERM'), { code: 0, signal: null });
  });
});

describe('two servers with a broker that takes 7,800 bytes', { skip: absent('postgres') }, () => {
  it('I1, I13 what is larger is there by the bell, once, and not by the look', async () => {
    await using postgres = await startServer('postgres');
    await using stage = new Stage();
    using undo = new DisposableStack();
    const [near, far] = await Promise.all([0, 1].map(() => stage.serve(stage.folder(), '--store', postgres.url, '--broker', postgres.url)));
    assert.ok(near && far);
    const [ann, bob] = [near, far].map(({ url }, at) =>
      undo.adopt(connect({ url, credentials: { name: `user ${at}` } }), (one) => one.close()),
    );
    assert.ok(ann && bob);
    const heard: string[] = [];
    bob.subscribe('room:general', {
      position: '0',
      onEvents: (events) => heard.push(...events.flatMap(({ kind, body }) => (kind === 'message' ? [String(body)] : []))),
    });
    // The quotes are two bytes of a body.
    const body = (number: number): string => `${number} `.padEnd(limits.bodyBytes - 2, 'x');
    const send = async (number: number): Promise<void> => {
      await ann.send('room:general', { kind: 'message', body: body(number) });
      await waitFor(`${number} is there`, () => heard.length >= number);
    };
    // From the first that is rung there on both hear each other.
    await waitFor('they are linked', () => bob.status.state === 'live');
    await send(1);
    const before = [await dropped(near), await dropped(far)];
    const found = await branch(far, 'look_found');
    const repairs = await branch(far, 'repair');
    const sent = 20;
    for (let number = 2; number <= 1 + sent; number++) await send(number);
    assert.deepEqual(
      heard,
      Array.from({ length: 1 + sent }, (_, at) => body(at + 1)),
    );
    // What the look alone finds is counted 250 ms after it: all but the last have had that time.
    assert.equal((await branch(far, 'look_found')) - found, 0);
    const read = (await branch(far, 'repair')) - repairs;
    assert.ok(read >= sent, `${read} times the store was read when a bell had come`);
    assert.deepEqual([await dropped(near), await dropped(far)], before);
  });
});

describe('the configuration of a broker', () => {
  it('is checked without one, and no password is said', async () => {
    const check = (broker: string) => hubbub('serve', '--check-config', '--broker', broker);
    for (const right of ['local', 'redis://:s3cret@127.0.0.1:1', 'kafka://127.0.0.1:1']) assert.equal((await check(right)).code, 0, right);
    for (const wrong of ['redis', 'mysql://ann:s3cret@example.org', 'amqp://ann:s3cret@:1', 'nats://ann:s3cret%@example.org']) {
      const { code, stdout, stderr } = await check(wrong);
      assert.deepEqual([code, stdout], [2, ''], wrong);
      assert.match(stderr, /^hubbub: --broker: /);
      assert.doesNotMatch(stderr, /s3cret/);
    }
  });
});
