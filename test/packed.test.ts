/** The packages as others get them: packed, installed in a folder that knows nothing of this project, and used from plain JavaScript. */
import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Process } from '@hubbub/rig/process';

const root = resolve(import.meta.dirname, '..');
const packer = resolve(import.meta.dirname, '../scripts/pack.ts');
const tsc = join(root, 'node_modules/typescript/bin/tsc');

const server = `
import { createServer } from 'node:http';
import { attach, openSqlite } from '@hubbub/server';

const server = createServer((_, response) => response.end('theirs'));
const store = await openSqlite('data', { onNote: console.error });
const hubbub = await attach(server, {
  store,
  identity: {
    identify: async (shown) => shown.map((one) => ('token' in one ? { who: { user: one.token, rights: [] } } : { refused: 'unauthorized', text: 'no' })),
  },
  authority: {
    mayRead: async (questions) => questions.map(() => 'ok'),
    admit: async () => ({ ok: true, counts: true }),
    mine: ({ user }) => 'mine:' + user,
    listed: 'public',
  },
});
process.once('SIGTERM', () => hubbub.close().then(() => server.close(() => store.close())));
server.listen(0, () => console.log('http://localhost:' + server.address().port));
`;

const chat = `
import { connect } from '@hubbub/client';

const [url, text] = process.argv.slice(2);
const ann = connect({ url, credentials: { token: 'ann' } });
const ben = connect({ url, credentials: { token: 'ben' } });
const seen = Promise.withResolvers();
ann.subscribe('room:a', {
  position: '0',
  onEvents: (events) => {
    for (const { offset, from, body } of events) console.log(offset, from, body.text);
    if (events.at(-1).body.text === text) seen.resolve();
  },
});
await Promise.all([seen.promise, ben.send('room:a', { kind: 'message', body: { text } })]);
ann.close();
ben.close();
`;

/** What is wrong in it must be found wrong: were something of ours \`any\`, nothing would be. */
const typed = `
import type { Server } from 'node:http';
import { connect, type Event } from '@hubbub/client';
import { useChannel } from '@hubbub/client/react/channel';
import { formatPosition } from '@hubbub/protocol/position';
import { type AttachOptions, attach, type Authority, Refusal, type Store } from '@hubbub/server';

export const authority: Authority = {
  mayRead: async (questions) => questions.map(({ who, channel }) => (who.user === channel ? 'ok' : 'forbidden')),
  admit: async (who, channel, { kind }) => (kind === 'message' ? { ok: true, counts: true } : { ok: false, code: 'forbidden', text: channel }),
  mine: ({ user }) => user,
  listed: 'public',
};
export async function embed(server: Server, store: Store, identity: AttachOptions['identity']): Promise<number> {
  const hubbub = await attach(server, { store, identity, authority });
  // @ts-expect-error without rules there is no server
  await attach(server, { store, identity });
  // @ts-expect-error a code that there is not
  new Refusal('no_such_code', '');
  const { offset } = await hubbub.send('token', 'room:a', { kind: 'message', body: 1 });
  // @ts-expect-error offsets are numbers
  const text: string = offset;
  return text.length + offset;
}
const client = connect({ url: 'http://localhost', credentials: { token: 'ann' } });
client.subscribe('room:a', { onEvents: (events: readonly Event[]) => console.log(events[0]?.body) });
// @ts-expect-error no such state
if (client.status.state === 'dreaming') console.log(formatPosition({ offset: 1, epoch: 'a' }));
// @ts-expect-error a channel is a text
useChannel(client, 5, { keep: 1, maxGap: 1, item: ({ offset }) => offset });
`;

const checks = {
  compilerOptions: {
    ...{ strict: true, noEmit: true, target: 'esnext', module: 'nodenext', skipLibCheck: false },
    ...{ lib: ['esnext', 'dom'], types: ['node'], typeRoots: [join(root, 'node_modules/@types')] },
  },
  files: ['typed.ts'],
};

describe('packed', () => {
  let folder: string;

  /** Runs to the end, which has to be a good one; answers what was printed. */
  async function run(command: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await Process.run({ command, args, cwd: folder });
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hubbub-packed-'));
    const files = { 'package.json': '{"type":"module"}', 'server.js': server, 'chat.js': chat, 'typed.ts': typed };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(checks));
    await run(process.execPath, packer, '--out', folder);
    const tarballs = globSync('*.tgz', { cwd: folder }).map((name) => `./${name}`);
    assert.equal(tarballs.length, 3);
    await run('npm', 'i', '--no-audit', '--no-fund', '--prefer-offline', ...tarballs);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('hold JavaScript and declarations, no sources, no tests, and nothing that only this project needs', () => {
    const files = globSync('node_modules/@hubbub/**/*.*', { cwd: folder });
    for (const name of ['protocol/dist/frames', 'client/dist/client', 'server/dist/library', 'server/dist/store/sqlite/writer']) {
      for (const ending of ['js', 'd.ts']) assert.ok(files.includes(`node_modules/@hubbub/${name}.${ending}`), name);
    }
    assert.deepEqual(
      files.filter((name) => !/(\.js|\.d\.ts|\/package\.json)$/.test(name) || /\b(test|fixture|contract)\b/.test(name)),
      [],
    );
    for (const name of ['protocol', 'client', 'server']) {
      const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/@hubbub', name, 'package.json'), 'utf8')) as object;
      assert.deepEqual([Object.hasOwn(manifest, 'private'), Object.hasOwn(manifest, 'devDependencies')], [false, false]);
    }
  });

  it('serve and chat', async () => {
    await using served = await Process.start({ command: process.execPath, args: ['server.js'], cwd: folder, ready: /^http.*\n/ });
    const url = served.stdout.trim();
    assert.equal(await run(process.execPath, 'chat.js', url, 'hello'), '1 ben hello\n');
    assert.equal(await run(process.execPath, 'chat.js', url, 'again'), '1 ben hello\n2 ben again\n');
    assert.equal(await (await fetch(url)).text(), 'theirs');
    assert.deepEqual(await served.kill('SIGTERM'), { code: 0, signal: null });
    assert.equal(served.stderr, '');
  });

  it('have types, whole and their own', async () => {
    await run(process.execPath, tsc, '-p', '.');
  });
});
