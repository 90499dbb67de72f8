/** The server as an operator meets it: how it starts, what it refuses, how it ends. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from '@hubbub/client';
import { RawLink } from './raw-link.ts';
import { adminToken, complaints, hubbub, Stage } from './server-rig.ts';

describe('serve', () => {
  it('says where it listens, leaves word for the command line, and takes it back when it ends', async () => {
    await using stage = new Stage();
    const server = await stage.serve(join(stage.folder(), 'made/by/itself'));
    const record = join(server.data, 'server.json');
    assert.equal(server.process.stdout, `hubbub listening on ${server.url}\n`);
    await server.process.until(() => server.process.stderr.endsWith('\n'));
    assert.equal(complaints(server), '');
    assert.match(server.process.stderr, new RegExp(`^hubbub: nobody owns this server yet: .*: ${server.url}/#own=[a-z2-7]{26}\n$`));
    assert.deepEqual(JSON.parse(readFileSync(record, 'utf8')), { url: server.url, pid: server.process.pid, embedded: true });
    for (const name of ['server.json', 'admin.token', 'service.key', 'hubbub.sqlite'])
      assert.equal(statSync(join(server.data, name)).mode & 0o777, 0o600);
    using link = await RawLink.open(server.url, { name: 'ann' });
    assert.deepEqual(await server.process.kill('SIGTERM'), { code: 0, signal: null });
    assert.equal(await link.closed, '1001 closing');
    assert.ok(!existsSync(record));
  });

  it('ends at SIGINT as well, and at once at the second signal', async () => {
    await using stage = new Stage();
    const first = await stage.serve(stage.folder());
    assert.deepEqual(await first.process.kill('SIGINT'), { code: 0, signal: null });

    const second = await stage.serve(stage.folder());
    using link = await RawLink.open(second.url, { name: 'ann' });
    // Whoever does not answer the close is waited for, for a second.
    link.socket.pause();
    second.process.signal('SIGTERM');
    const record = join(second.data, 'server.json');
    while (existsSync(record)) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await second.process.kill('SIGTERM'), { code: 1, signal: null });
  });

  it('says in one line what listening for others opens', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder(), '--host', '0.0.0.0');
    await server.process.until(() => complaints(server).endsWith('\n'));
    assert.match(complaints(server), /^hubbub: 0\.0\.0\.0 lets in whoever can reach this machine; .*no secure context.*\n$/);
    assert.equal((await hubbub('send', 'room:a', 'hello', '--data', server.data)).stdout, '1\n');
  });

  it('after SIGKILL: starts again, with the same history, people and administrator', async () => {
    await using stage = new Stage();
    const data = stage.folder();
    const killed = await stage.serve(data);
    const token = adminToken(killed);
    assert.equal((await hubbub('send', 'room:a', 'one', '--data', data)).stdout, '1\n');
    let guest = '';
    const before = await new Promise<string>((resolve) => {
      const client = connect({
        url: killed.url,
        credentials: { name: 'Ann' },
        onToken: (made, user) => {
          guest = made;
          client.close();
          resolve(user);
        },
      });
    });
    await killed.process.kill();
    assert.ok(existsSync(join(data, 'server.json')));
    assert.match((await hubbub('send', 'room:a', 'nobody', '--data', data)).stderr, /no server runs: process \d+, which served .* is gone/);

    const server = await stage.serve(data);
    assert.equal(complaints(server), '', 'no new epoch');
    assert.equal(adminToken(server), token);
    assert.equal((await hubbub('send', 'room:a', 'two', '--data', data)).stdout, '2\n');
    using link = await RawLink.open(server.url);
    const { user } = await link.ask('hello', { protocol: 1, session: crypto.randomUUID(), token: guest });
    assert.equal(user, before);
  });

  describe('refuses to start', () => {
    it('on a port that is in use, and says by whom', async () => {
      await using stage = new Stage();
      const server = await stage.serve(stage.folder());
      const refused = await hubbub('serve', '--port', String(server.port), '--data', stage.folder());
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, new RegExp(`^hubbub: port ${server.port} of 127\\.0\\.0\\.1 is in use`));
      if (process.platform === 'linux') assert.match(refused.stderr, new RegExp(` by \\S+ \\(process ${server.process.pid}\\)`));
      assert.equal(refused.stderr.split('\n').length, 2, 'one line');
    });

    it('on a folder that another server has, and says which; that one goes on', async () => {
      await using stage = new Stage();
      const server = await stage.serve(stage.folder());
      const refused = await hubbub('serve', '--port', '0', '--data', server.data);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, new RegExp(`^hubbub: .* in use by process ${server.process.pid}, which serves ${server.url}\n$`));
      assert.equal((await hubbub('send', 'room:a', 'hello', '--data', server.data)).stdout, '1\n');
      assert.ok(existsSync(join(server.data, 'server.json')));
    });

    it('on a folder that cannot be made, written or understood', async () => {
      await using stage = new Stage();
      const folder = stage.folder();
      const file = join(folder, 'file');
      writeFileSync(file, 'hello');
      writeFileSync(join(folder, 'admin.token'), '');
      const wrong: [string, RegExp][] = [
        [join(file, 'below'), /^hubbub: .*file.below cannot be made: .*\n$/],
        [file, /^hubbub: .*file cannot be made: .*\n$/],
        ['/proc/nothing', /^hubbub: .*cannot be made: .*\n$/],
        [folder, /^hubbub: .*admin\.token holds no secret: remove it.*\n$/],
      ];
      for (const [data, message] of wrong) {
        const refused = await hubbub('serve', '--port', '0', '--data', data);
        assert.deepEqual([refused.code, message.test(refused.stderr)], [1, true], refused.stderr);
      }
    });

    it('at wrong use, and says what would be right', async () => {
      await using stage = new Stage();
      const data = stage.folder();
      const wrong: [string[], RegExp][] = [
        [['serve', '--bogus'], /unknown option '--bogus'/],
        [['serve', '--prot', '80'], /Did you mean --port\?/],
        [['serve', '--port', 'http'], /--port http: a port is a whole number from 0 .* to 65535/],
        [['serve', '--port', '65536'], /--port 65536/],
        [['serve', '--host', 'http://127.0.0.1'], /--host .*127\.0\.0\.1 is one/],
        [['serve', '--port', '0', '--host', '192.0.2.1', '--data', data], /--host 192\.0\.2\.1: this machine has no such address/],
        [['sevre'], /unknown command 'sevre'/],
        [[], /Usage: hubbub/],
        [['token'], /--sub/],
        [['tail', 'general', '--url', 'http://127.0.0.1:9', '--token', 'x'], /no name of a channel/],
        [['tail', 'room:a', '--after', '7', '--url', 'http://127.0.0.1:9', '--token', 'x'], /OFFSET~EPOCH/],
        [['send', 'room:a'], /missing required argument 'text'/],
        [['send', 'general', 'x', '--url', 'http://127.0.0.1:9', '--token', 'x'], /no name of a channel/],
      ];
      for (const [args, message] of wrong) {
        const refused = await hubbub(...args);
        assert.deepEqual([refused.code, message.test(refused.stderr)], [2, true], `${args.join(' ')}: ${refused.stderr}`);
      }
      assert.equal((await hubbub('--help')).code, 0);
      assert.equal((await hubbub('--version')).code, 0);
      assert.equal((await hubbub('send', 'room:a', 'x', '--data', data)).code, 1);
    });
  });

  it('tail: prints what there is and what comes, says how the link stands, and ends clean', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const here = ['--data', server.data];
    await hubbub('send', 'room:a', 'one\u001b[2J', ...here);
    const tail = await stage.start('tail', 'room:a', '--after', '0', ...here);
    const json = await stage.start('tail', 'room:a', '--after', '0', '--json', ...here);
    await tail.until(() => tail.stdout.includes('\tone [2J\n') && tail.stderr.includes('hubbub: live\n'));
    await hubbub('send', 'room:a', 'two', ...here);
    await tail.until(() => tail.stdout.includes('\ttwo\n'));
    await json.until(() => json.stdout.includes('"two"'));
    const [first, second] = json.stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { offset: number; position: string });
    assert.match(first?.position ?? '', /^1~/);
    const later = await stage.start('tail', 'room:a', '--after', first?.position ?? '', '--json', ...here);
    await later.until(() => later.stdout.endsWith('\n'));
    assert.deepEqual(JSON.parse(later.stdout), second);

    await server.process.kill('SIGTERM');
    await tail.until(() => tail.stderr.includes('hubbub: reconnecting\n'));
    await stage.start('serve', '--port', String(server.port), ...here);
    await tail.until(() => tail.stderr.lastIndexOf('hubbub: live\n') > tail.stderr.indexOf('hubbub: reconnecting\n'));
    assert.equal((await hubbub('send', 'room:a', 'three', ...here)).stdout, '3\n');
    await tail.until(() => tail.stdout.includes('\tthree\n'));
    assert.deepEqual(await tail.kill('SIGINT'), { code: 0, signal: null });
    assert.equal(tail.stdout.split('\n').length, 4, 'each once');
    assert.match(tail.stderr, /hubbub: read up to 3~\S+\n$/);
    assert.equal((await hubbub('tail', 'sys:keys', ...here)).code, 1);
  });
});
