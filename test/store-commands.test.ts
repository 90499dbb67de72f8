/** The data folder as an operator looks after it, while no server runs. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { hubbub, type RunningServer, Stage } from './server-rig.ts';

type Ended = Awaited<ReturnType<typeof hubbub>>;

/** Starts a server, sends these, and stops it. */
async function said(stage: Stage, data: string, ...texts: string[]): Promise<void> {
  const { process } = await stage.serve(data);
  for (const text of texts) assert.equal((await hubbub('send', 'room:a', text, '--data', data)).code, 0);
  assert.deepEqual(await process.kill('SIGTERM'), { code: 0, signal: null });
}

/** The first `count` texts of the room, and the history that they are of. */
async function told(stage: Stage, { data }: RunningServer, count: number): Promise<{ texts: string[]; epoch: string | undefined }> {
  const tail = await stage.start('tail', 'room:a', '--after', '0', '--json', '--data', data);
  const lines = (): string[] => tail.stdout.split('\n').slice(0, -1);
  await tail.until(() => lines().length >= count && tail.stderr.includes('hubbub: live\n'));
  const events = lines().map((line) => JSON.parse(line) as { body: { text: string }; position: string });
  return { texts: events.map(({ body }) => body.text), epoch: events[0]?.position.split('~')[1] };
}

function refused({ code, stdout, stderr }: Ended, message: RegExp, exit = 1): void {
  assert.deepEqual([code, stdout, message.test(stderr)], [exit, '', true], stderr);
}

describe('check, backup, restore, trim, epoch', () => {
  it('a backup brings back what it had, as another history; a server goes on from there', async () => {
    await using stage = new Stage();
    const data = stage.folder();
    const file = join(stage.folder(), 'copy');
    await said(stage, data, 'one', 'two');
    const clean = await hubbub('check', '--data', data);
    assert.deepEqual([clean.code, clean.stdout, clean.stderr], [0, '4 channels, 5 events, 4 facts, 0 problems\n', '']);

    // Named from here, and from here alone: the store's worker must not look elsewhere.
    const copied = await hubbub('backup', relative(process.cwd(), file), '--data', data);
    assert.deepEqual([copied.code, copied.stdout], [0, `${statSync(file).size} bytes in ${file}\n`], copied.stderr);
    const again = await hubbub('backup', file, '--data', data);
    refused(again, /^hubbub: .*copy is there already, and not touched\n$/);

    const before = await stage.serve(data);
    await hubbub('send', 'room:a', 'three', '--data', data);
    const { epoch } = await told(stage, before, 3);
    await before.process.kill('SIGTERM');
    const restored = await hubbub('restore', file, '--data', data);
    assert.deepEqual([restored.code, restored.stderr], [0, '']);
    assert.match(restored.stdout, /its history is a new one, so clients reload\n$/);
    const after = await hubbub('check', '--data', data);
    assert.deepEqual([after.code, after.stdout], [0, '4 channels, 5 events, 4 facts, 0 problems\n']);

    const server = await stage.serve(data);
    const now = await told(stage, server, 2);
    assert.deepEqual(now.texts, ['one', 'two']);
    assert.notEqual(now.epoch, epoch);
    assert.equal((await hubbub('send', 'room:a', 'another', '--data', data)).stdout, '3\n');
  });

  it('a backup makes a folder of its own as well, for its owner alone', async () => {
    await using stage = new Stage();
    const data = stage.folder();
    const file = join(stage.folder(), 'copy');
    await said(stage, data, 'one');
    await hubbub('backup', file, '--data', data);
    const other = join(stage.folder(), 'other');
    assert.equal((await hubbub('restore', file, '--data', other)).code, 0);
    assert.equal(statSync(other).mode & 0o777, 0o700);
    assert.deepEqual((await told(stage, await stage.serve(other), 1)).texts, ['one']);
  });

  it('trim drops for good, and says from where on the channel is kept', async () => {
    await using stage = new Stage();
    const data = stage.folder();
    await said(stage, data, 'one', 'two', 'three');
    const before = await stage.serve(data);
    const { epoch } = await told(stage, before, 3);
    await before.process.kill('SIGTERM');
    const { code, stdout, stderr } = await hubbub('trim', 'room:a', '--before', `3~${epoch}`, '--data', data);
    assert.deepEqual([code, stdout, stderr], [0, 'room:a is kept from 3 on\n', '']);
    const another = await hubbub('trim', 'room:a', '--before', '3~another', '--data', data);
    refused(another, /^hubbub: this position is of another history; the present one is \S+\n$/);
    refused(await hubbub('trim', 'room:a', '--before', `5~${epoch}`, '--data', data), /^hubbub: this position is beyond the log/);
    const now = await told(stage, await stage.serve(data), 1);
    assert.deepEqual([now.texts, now.epoch], [['three'], epoch]);
  });

  it('epoch --new begins another history of the same log, and says its name', async () => {
    await using stage = new Stage();
    const data = stage.folder();
    await said(stage, data, 'one');
    const before = await stage.serve(data);
    const { epoch } = await told(stage, before, 1);
    await before.process.kill('SIGTERM');
    const { code, stdout, stderr } = await hubbub('epoch', '--new', '--data', data);
    assert.deepEqual([code, stderr], [0, '']);
    assert.notEqual(stdout, `${epoch}\n`);
    const now = await told(stage, await stage.serve(data), 1);
    assert.deepEqual([now.texts, `${now.epoch}\n`], [['one'], stdout]);
  });

  it('are done on the folder, not through the process that has the number of a killed server now', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    await hubbub('send', 'room:a', 'one', '--data', server.data);
    await server.process.kill();
    writeFileSync(join(server.data, 'server.json'), JSON.stringify({ url: server.url, pid: process.pid }));
    const { code, stdout, stderr } = await hubbub('check', '--data', server.data);
    assert.deepEqual([code, stdout, stderr], [0, '4 channels, 4 events, 4 facts, 0 problems\n', '']);
  });

  it('are refused while somebody else has the folder', async () => {
    await using stage = new Stage();
    const data = stage.folder();
    const file = join(stage.folder(), 'copy');
    await said(stage, data, 'one');
    const lock = new DatabaseSync(join(data, 'lock.sqlite'));
    lock.exec('BEGIN EXCLUSIVE');
    const commands = [['check'], ['backup', file], ['restore', file], ['trim', 'room:a', '--before', '1~x'], ['epoch', '--new']];
    for (const command of commands) {
      refused(await hubbub(...command, '--data', data), /^hubbub: .* in use by another process\n$/);
    }
    lock.close();
    assert.ok(!existsSync(file));
  });

  it('go through after a SIGKILL, with all that was acknowledged', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    await hubbub('send', 'room:a', 'one', '--data', server.data);
    await server.process.kill();
    const { code, stdout } = await hubbub('check', '--data', server.data);
    assert.deepEqual([code, stdout], [0, '4 channels, 4 events, 4 facts, 0 problems\n']);
    assert.ok(!existsSync(join(server.data, 'server.json')), 'nobody is named who has gone');
  });

  it('check says each thing that is wrong, in a line without control characters', async () => {
    await using stage = new Stage();
    const data = stage.folder();
    await said(stage, data, 'one', 'two', 'three');
    const db = new DatabaseSync(join(data, 'hubbub.sqlite'));
    db.exec("DELETE FROM events WHERE offset = 2; UPDATE heads SET name = 'room:' || char(27) || 'a', n = 7 WHERE name = 'room:a'");
    db.close();
    const { code, stdout } = await hubbub('check', '--data', data);
    assert.equal(code, 1);
    const lines = stdout.trim().split('\n');
    assert.ok(
      lines.some((line) => /^room: a: events 2 to 2 are missing$/.test(line)),
      stdout,
    );
    assert.equal(lines.at(-1), `4 channels, 5 events, 4 facts, ${lines.length - 1} problems`);
    assert.ok(lines.length > 2, stdout);
  });

  it('a store that cannot be read is refused, and what is no backup changes nothing', async () => {
    await using stage = new Stage();
    const data = stage.folder();
    await said(stage, data, 'one');
    const text = join(stage.folder(), 'text');
    writeFileSync(text, 'this is no database, however long one looks at it\n'.repeat(100));
    refused(await hubbub('restore', text, '--data', data), /^hubbub: .*text is no database, and not touched\n$/);
    refused(await hubbub('restore', join(data, 'nothing'), '--data', data), /^hubbub: .*nothing is not there\n$/);
    refused(await hubbub('restore', stage.folder(), '--data', data), /^hubbub: .* is a folder, not a backup\n$/);
    refused(await hubbub('restore', join(data, 'hubbub.sqlite'), '--data', data), /^hubbub: .* is the store itself\n$/);
    refused(await hubbub('backup', join(data, 'none/copy'), '--data', data), /^hubbub: .*ENOENT/);
    assert.equal((await hubbub('check', '--data', data)).stdout, '4 channels, 4 events, 4 facts, 0 problems\n');

    writeFileSync(join(data, 'hubbub.sqlite'), 'this is no database, however long one looks at it\n'.repeat(100));
    refused(await hubbub('check', '--data', data), /^hubbub: .*hubbub\.sqlite is no database, and not touched\n$/);
  });

  it('make no store where there is none', async () => {
    await using stage = new Stage();
    const data = stage.folder();
    const file = join(stage.folder(), 'copy');
    refused(await hubbub('check', '--data', data), /^hubbub: .*hubbub\.sqlite is not there: --data names the folder of a server\n$/);
    for (const command of [
      ['backup', file],
      ['trim', 'room:a', '--before', '1~x'],
      ['epoch', '--new'],
    ]) {
      refused(await hubbub(...command, '--data', data), /hubbub\.sqlite is not there/);
    }
    assert.deepEqual(readdirSync(data), []);
  });

  it('say what would be right at wrong use', async () => {
    const wrong: [string[], RegExp][] = [
      [['check', 'file'], /too many arguments/],
      [['check', '--data', ''], /--data: the name of a folder/],
      [['backup'], /missing required argument 'file'/],
      [['backup', ''], /FILE: the name of a file/],
      [['trim', 'room:a'], /required option '--before <position>' not specified/],
      [['trim', 'here', '--before', '1~x'], /here is no name of a channel/],
      [['trim', 'room:a', '--before', '1'], /--before 1: the position of the first event to keep, OFFSET~EPOCH/],
      [['trim', 'room:a', '--before', '1~x', '--data', ''], /--data: the name of a folder/],
      [['epoch'], /required option '--new' not specified/],
      [['check', '--url', 'here'], /--url here: http:\/\/HOST:PORT/],
      [['restore'], /missing required argument 'file'/],
      [['restore', '', '--bogus'], /unknown option '--bogus'/],
      [['restore', 'file', '--data', ''], /--data: the name of a folder/],
    ];
    for (const [args, message] of wrong) refused(await hubbub(...args), message, 2);
  });
});
