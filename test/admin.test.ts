/** What an administrator does to a server that runs, by the command line: real processes, a real store. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { type Client, connect } from '@hubbub/client';
import { openSqlite } from '@hubbub/server/store/sqlite/open';
import { RawLink } from './raw-link.ts';
import { adminToken, createRooms, hubbub, type RunningServer, Stage } from './server-rig.ts';
import { bodies, idOf, item, waitFor } from './store-rig.ts';

const channel = 'room:a';

/** Sends without end, a few at a time, until it is stopped; `acked` are in the log. */
class Load implements AsyncDisposable {
  acked = 0;
  readonly #client: Client;
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(server: RunningServer) {
    this.#client = connect({ url: server.url, credentials: { token: adminToken(server) } });
    this.#running = this.#run();
  }

  async until(count: number): Promise<void> {
    await waitFor(`${count} events`, () => this.acked >= count);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    this.#client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    this.#stopped = true;
    await this.#running.catch(() => {});
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const first = this.acked;
      const drafts = Array.from({ length: 32 }, (_, at) => ({ kind: 'message', body: { text: `${first + at + 1} ${'x'.repeat(2_000)}` } }));
      await Promise.all(drafts.map((draft) => this.#client.send(channel, draft)));
      this.acked += drafts.length;
    }
  }
}

async function epochOf({ url }: RunningServer): Promise<string> {
  using link = await RawLink.open(url, { name: 'ann' });
  const { results } = await link.ask('subscribe', { to: [{ channel: 'room:general' }] });
  return (results as { position: string }[])[0]?.position.split('~')[1] ?? '';
}

describe('the administrator, while a server runs', () => {
  it('P41 I1 a backup holds every event acknowledged before, and whole; sends go on meanwhile', async (t) => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    await using load = new Load(server);
    await load.until(3_000);
    const file = join(stage.folder(), 'copy');
    const before = load.acked;
    const { code, stdout, stderr } = await hubbub('backup', file, '--data', server.data);
    const meanwhile = load.acked - before;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^\d+ bytes in \/.*copy\n$/);
    await load.stop();
    const other = join(stage.folder(), 'other');
    assert.equal((await hubbub('restore', file, '--data', other)).code, 0);
    const copy = await openSqlite(other);
    const kept = await bodies(copy);
    await copy.close();
    t.diagnostic(`${before} before, ${meanwhile} meanwhile, ${kept.length} in the copy`);
    assert.ok(meanwhile > 0, 'sends went on');
    assert.ok(kept.length >= before && kept.length <= load.acked, `${before} ≤ ${kept.length} ≤ ${load.acked}`);
    kept.forEach((body, at) => {
      assert.ok(body?.startsWith(`{"text":"${at + 1} `), `${at + 1}: ${body?.slice(0, 30)}`);
    });
  });

  it('P42 a check finds nothing wrong with a log that is in order, while events are taken', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    await using load = new Load(server);
    for (let round = 1; round <= 3; round++) {
      await load.until(round * 500);
      const before = load.acked;
      const { code, stdout, stderr } = await hubbub('check', '--data', server.data);
      assert.deepEqual([code, stderr], [0, '']);
      const events = Number(/^4 channels, (\d+) events, 4 facts, 0 problems\n$/.exec(stdout)?.[1]);
      assert.ok(events >= before + 3, stdout);
    }
    assert.ok(load.acked > 1_500, 'sends went on');
  });

  it('P42 P46 a check says each thing that is wrong, and how many there are', async (t) => {
    await using stage = new Stage();
    const data = stage.folder();
    const store = await openSqlite(data);
    for (let number = 1; number < 6_400; number += 64) {
      await store.append(Array.from({ length: 64 }, (_, at) => item(number + at, { id: idOf(number + at) })));
    }
    await store.close();
    const db = new DatabaseSync(join(data, 'hubbub.sqlite'));
    db.exec('UPDATE events SET n = n + offset % 2 * 5');
    db.close();
    const server = await stage.serve(data);
    const { code, stdout, stderr } = await hubbub('check', '--data', server.data);
    assert.deepEqual([code, stderr], [1, '']);
    const lines = stdout.trim().split('\n');
    const problems = Number(/^4 channels, 6403 events, 3 facts, (\d+) problems$/.exec(lines.pop() ?? '')?.[1]);
    assert.equal(problems, 6_400);
    const told = lines.filter((line) => /^room:a: event \d+ has n \d+ after \d+$/.test(line)).length;
    const untold = Number(/^(\d+) more: with the server stopped/.exec(lines.at(-1) ?? '')?.[1] ?? 0);
    t.diagnostic(`${told} told, ${untold} counted alone`);
    assert.equal(told + untold, problems);
    assert.ok(told > 0);
  });

  it('P43 a trim is final: whoever had read less is told, and is given what is kept', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const here = ['--data', server.data];
    for (const text of ['one', 'two', 'three']) await hubbub('send', channel, text, ...here);
    const epoch = await epochOf(server);
    const trimmed = await hubbub('trim', channel, '--before', `3~${epoch}`, ...here);
    assert.deepEqual([trimmed.code, trimmed.stdout, trimmed.stderr], [0, 'room:a is kept from 3 on\n', '']);
    const tail = await stage.start('tail', channel, '--after', `0~${epoch}`, ...here);
    await tail.until(() => tail.stdout.includes('\n') && tail.stderr.includes('live\n'));
    assert.match(tail.stdout, /^3\t.*\tthree\n$/);
    assert.match(tail.stderr, /older events are no longer kept\n/);
    assert.deepEqual((await hubbub('check', ...here)).stdout, '4 channels, 6 events, 4 facts, 0 problems\n');
  });

  it('P43 a trim is refused where its position names no event of this log', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const here = ['--data', server.data];
    await hubbub('send', channel, 'one', ...here);
    const epoch = await epochOf(server);
    const refusals: [string, RegExp][] = [
      ['1~another', /^hubbub: .*another history.* \(bad_position\)\n$/],
      [`3~${epoch}`, /^hubbub: .*beyond the log.* \(bad_position\)\n$/],
      [`0~${epoch}`, /^hubbub: .* from 1 on \(bad_position\)\n$/],
    ];
    for (const [before, message] of refusals) {
      const { code, stdout, stderr } = await hubbub('trim', channel, '--before', before, ...here);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, message);
    }
    assert.equal((await hubbub('trim', channel, '--before', `2~${epoch}`, ...here)).stdout, 'room:a is kept from 2 on\n');
  });

  it('P44 a new history resets whoever reads, and he goes on in it', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    using undo = new DisposableStack();
    const client = undo.adopt(connect({ url: server.url, credentials: { token: adminToken(server) } }), (one) => one.close());
    const former = await epochOf(server);
    await createRooms(server, channel);
    const resets: string[] = [];
    let read: number[] = [];
    const subscription = client.subscribe(channel, {
      position: '0',
      onEvents: (events) => {
        read = [...read, ...events.map(({ offset }) => offset)];
      },
      onReset: (reason) => {
        resets.push(reason);
        read = [];
      },
    });
    await client.send(channel, { kind: 'message', body: { text: 'one' } });
    await waitFor('one to be read', () => read.length === 2);
    const { code, stdout, stderr } = await hubbub('epoch', '--new', '--data', server.data);
    assert.deepEqual([code, stderr], [0, '']);
    assert.notEqual(stdout, `${former}\n`);
    // At once, and not only by the next event.
    await waitFor('the reset, and one to be read again', () => resets.length === 1 && read.length === 2);
    const { offset } = await client.send(channel, { kind: 'message', body: { text: 'two' } });
    assert.equal(offset, 3, 'the log is as it was');
    await waitFor('both to be read', () => read.length === 3);
    assert.deepEqual([resets, read, subscription.position], [['new_epoch'], [1, 2, 3], `3~${stdout.trim()}`]);
  });

  it('P47 none of it is for a guest', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const epoch = await epochOf(server);
    const file = join(stage.folder(), 'copy');
    using guest = await RawLink.open(server.url, { name: 'ann' });
    const commands: [string, Record<string, unknown>][] = [
      ['backup', { path: file }],
      ['check', {}],
      ['trim', { channel, before: `1~${epoch}` }],
      ['epoch', {}],
    ];
    for (const [cmd, members] of commands) assert.equal((await guest.ask(cmd, members)).error?.code, 'forbidden', cmd);
    const token = (await hubbub('token', '--sub', 'ann', '--data', server.data)).stdout.trim();
    const refused = await hubbub('backup', file, '--url', server.url, '--token', token);
    assert.deepEqual([refused.code, refused.stdout], [1, '']);
    assert.match(refused.stderr, /\(forbidden\)\n$/);
    assert.ok(!existsSync(file));
    assert.equal(await epochOf(server), epoch);
  });

  it('restore alone waits for the server to stop, and says so', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const file = join(stage.folder(), 'copy');
    // Named from here, wherever the server runs.
    const made = await hubbub('backup', relative(process.cwd(), file), '--data', server.data);
    assert.deepEqual([made.code, made.stdout], [0, `${statSync(file).size} bytes in ${file}\n`], made.stderr);
    const { code, stdout, stderr } = await hubbub('restore', file, '--data', server.data);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, new RegExp(`in use by process ${server.process.pid}, which serves ${server.url}\n$`));
    const again = await hubbub('backup', file, '--data', server.data);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /copy is there already, and not touched \(conflict\)\n$/);
  });
});

describe('a backup that is broken off', () => {
  it('P40 with its link: nothing is left of it, and the server goes on', async () => {
    await using stage = new Stage();
    const server = await stage.serve(await filled(stage));
    await midway(stage, async (file) => {
      using link = await RawLink.open(server.url, { token: adminToken(server) });
      void link.ask('backup', { path: file }).catch(() => {});
      await begun(file);
    });
    const file = join(stage.folder(), 'copy');
    assert.equal((await hubbub('backup', file, '--data', server.data)).code, 0, 'the next one is not in its way');
    assert.ok(existsSync(file));
  });

  it('P40 with its server: it is answered, and nothing is left of it', async () => {
    await using stage = new Stage();
    const data = await filled(stage);
    await midway(stage, async (file) => {
      const server = await stage.serve(data);
      using link = await RawLink.open(server.url, { token: adminToken(server) });
      const asked = link.ask('backup', { path: file });
      await begun(file);
      assert.deepEqual(await server.process.kill('SIGTERM'), { code: 0, signal: null });
      const { error } = await asked;
      if (!existsSync(file)) assert.equal(error?.code, 'closing');
    });
    assert.equal((await hubbub('check', '--data', data)).code, 0);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    for (const running of [true, false]) {
      it(`by ${signal}, ${running ? 'through a server' : 'on a folder'}: says so, and nothing is left of it`, async () => {
        await using stage = new Stage();
        const data = await filled(stage);
        if (running) await stage.serve(data);
        await midway(stage, async (file) => {
          const backup = await stage.start('backup', file, '--data', data);
          await begun(file);
          backup.signal(signal);
          const exit = await backup.exited;
          if (existsSync(file)) return;
          assert.deepEqual([exit, backup.stdout], [{ code: 1, signal: null }, '']);
          assert.match(backup.stderr, /^hubbub: broken off\n$/m);
        });
      });
    }
  }
});

/** A folder whose store has 100 MB: a copy of it takes a while. */
async function filled(stage: Stage): Promise<string> {
  const data = stage.folder();
  const store = await openSqlite(data);
  const body = JSON.stringify('x'.repeat(15_000));
  for (let number = 1; number < 6_400; number += 64) {
    await store.append(Array.from({ length: 64 }, (_, at) => item(number + at, { id: idOf(number + at), body })));
  }
  await store.close();
  return data;
}

/** Breaks a backup to a new file off; anew where that came too late. Then there is neither the file nor anything beside it. */
async function midway(stage: Stage, breakOff: (file: string) => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 10; tries++) {
    const folder = stage.folder();
    const file = join(folder, 'copy');
    await breakOff(file);
    await waitFor('the end of it', () => !readdirSync(folder).some((name) => name.endsWith('.part')));
    if (existsSync(file)) continue;
    assert.deepEqual(readdirSync(folder), []);
    return;
  }
  throw new Error('ten copies, and each was done before it could be broken off');
}

/** A copy of `file` grows. */
async function begun(file: string): Promise<void> {
  await waitFor('a copy to be begun', () => existsSync(file) || readdirSync(join(file, '..')).length > 0);
}
