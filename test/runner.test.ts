/** The test runner itself: what must not look like success does not. Each case is a small project of its own with a copy of the scripts. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Process } from '@hubbub/rig/process';
import { isFree } from '@hubbub/rig/servers/ports';

const scratch = mkdtempSync(join(tmpdir(), 'hubbub-runner-'));
const head = "import { describe, it, test } from 'node:test';\n";
const good = { 'packages/a/src/a.test.ts': "test('a', () => {});", 'test/b.test.ts': "test('b', () => {});" };

interface Outcome {
  code: number | null;
  output: string;
  /** The closing line. */
  last: string | undefined;
}

/** A project of these files, with a copy of the scripts, and the environment that its runner has. */
function project(files: Record<string, string>): { root: string; env: NodeJS.ProcessEnv } {
  const root = mkdtempSync(join(scratch, 'project-'));
  cpSync(resolve(import.meta.dirname, '../scripts'), join(root, 'scripts'), { recursive: true });
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), head + text);
  }
  // NODE_TEST_CONTEXT would make the inner runner report to the outer one.
  const { NODE_TEST_CONTEXT: _, CI: __, ...env } = process.env;
  return { root, env };
}

function run(files: Record<string, string>, args: string[] = [], more: Record<string, string> = {}): Outcome {
  const { root, env } = project(files);
  const options = { encoding: 'utf8', env: { ...env, ...more } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/test.ts'), ...args], options);
  return { code: status, output: stdout + stderr, last: stdout.trimEnd().split('\n').at(-1) };
}

/** Tells the runner to end while a test that has started a process goes on, in `rest`, for ever. */
async function interrupted(signal: NodeJS.Signals, code: number, rest: string): Promise<void> {
  const listens = "require('node:net').createServer().listen(0, function () { console.log('port', this.address().port) })";
  const test = `import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Process } from '${pathToFileURL(resolve(import.meta.dirname, '../packages/rig/src/process.ts')).href}';
test('c', async () => {
  mkdtempSync(tmpdir() + '/mine-');
  const started = await Process.start({ command: process.execPath, args: ['-e', ${JSON.stringify(listens)}], ready: /port/ });
  console.log('started', started.pid, started.stdout);
  ${rest}
});`;
  const { root, env } = project({ 'test/c.test.ts': test, 'test/d.test.ts': "test('d', () => console.log('went on'));" });
  const TMPDIR = mkdtempSync(join(scratch, 'tmp-'));
  await using runner = await Process.start({
    command: '/usr/bin/env',
    args: ['-u', 'NODE_TEST_CONTEXT', process.execPath, join(root, 'scripts/test.ts')],
    env: { ...(env as Record<string, string>), TMPDIR },
    ready: /^started \d+ port \d+\n/m,
  });
  const [, pid, port] = runner.match(/^started (\d+) port (\d+)\n/m).map(Number);
  assert.ok(!hasEnded(Number(pid)) && readdirSync(TMPDIR).length === 1);
  runner.signal(signal);
  runner.signal(signal);
  assert.deepEqual(await runner.exited, { code, signal: null }, runner.stdout + runner.stderr);
  assert.ok(hasEnded(Number(pid)), `${pid} goes on`);
  assert.ok(await isFree(port ?? 0), `port ${port} is taken`);
  assert.deepEqual(readdirSync(TMPDIR), []);
  assert.doesNotMatch(runner.stdout, /went on/);
}

/** One that nobody has asked how it ended has no command line any more. */
function hasEnded(pid: number): boolean {
  return !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/cmdline`, 'utf8') === '';
}

function check({ code, output, last }: Outcome, expected: { code: number; last: string; says?: RegExp }): void {
  assert.equal(last, expected.last, output);
  assert.equal(code, expected.code, output);
  if (expected.says !== undefined) assert.match(output, expected.says);
}

describe('the test runner', () => {
  after(() => rmSync(scratch, { recursive: true }));

  it('adds up both halves', () => check(run(good), { code: 0, last: '2 passed, 0 failed, 0 skipped' }));

  it('fails on a failing test, and shows it', () => {
    const files = { ...good, 'test/c.test.ts': "describe('c', () => { it('d', () => { throw new Error('broken'); }); });" };
    check(run(files), { code: 1, last: '2 passed, 1 failed, 0 skipped', says: /✖ c › d\n.*broken/ });
  });

  it('fails on a test that takes too long, and goes on', () => {
    const files = { ...good, 'test/c.test.ts': "test('c', () => new Promise(() => {})); test('d', () => {});" };
    check(run(files, ['--test-timeout=200']), { code: 1, last: '3 passed, 1 failed, 0 skipped' });
  });

  it('fails on a file that cannot be loaded', () => {
    check(run({ ...good, 'packages/a/src/c.test.ts': "import './nowhere.ts';" }), {
      code: 1,
      last: '2 passed, 1 failed, 0 skipped',
      says: /nowhere/,
    });
  });

  it('fails on a rejection after its test', () => {
    const late =
      "test('c', () => { setTimeout(() => Promise.reject(new Error('late')), 1); });\ntest('d', (t, done) => { setTimeout(done, 50); });";
    check(run({ ...good, 'packages/a/src/c.test.ts': late }), { code: 1, last: '4 passed, 1 failed, 0 skipped', says: /late/ });
  });

  it('fails when a test ends the process', () => {
    const files = { ...good, 'test/c.test.ts': "test('c', () => process.exit(0));" };
    check(run(files), { code: 1, last: '2 passed, 1 failed, 0 skipped', says: /ended without a summary/ });
  });

  it('ends in spite of a forgotten handle', () => {
    const files = { ...good, 'test/c.test.ts': "setInterval(() => {}, 1000); test('c', () => {});" };
    check(run(files), { code: 0, last: '3 passed, 0 failed, 0 skipped' });
  });

  it('fails when a half has no test', () => {
    check(run({ 'test/b.test.ts': good['test/b.test.ts'] }), { code: 1, last: '1 passed, 1 failed, 0 skipped', says: /no test file/ });
    check(run({ ...good, 'test/b.test.ts': '' }), { code: 1, last: '1 passed, 1 failed, 0 skipped', says: /holds no test/ });
  });

  it('names what is skipped, which CI does not allow', () => {
    const files = { ...good, 'test/c.test.ts': "test('c', { skip: 'needs a moon' }, () => {});" };
    check(run(files), { code: 0, last: '2 passed, 0 failed, 1 skipped', says: /- c: needs a moon/ });
    check(run(files, [], { CI: 'true' }), { code: 1, last: '2 passed, 1 failed, 1 skipped', says: /CI=true/ });
  });

  it('fails on what a test leaves behind, and blames nobody else', () => {
    const folder =
      "import { mkdtempSync } from 'node:fs';\nimport { tmpdir } from 'node:os';\ntest('c', () => void mkdtempSync(tmpdir() + '/mine-'));";
    check(run({ ...good, 'test/a.test.ts': folder }), {
      code: 1,
      last: '3 passed, 1 failed, 0 skipped',
      says: /^✖ test\/a\.test\.ts: left behind: mine-/m,
    });
    const forgotten = `import { spawn } from 'node:child_process';
test('c', () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' }).unref());`;
    const outcome = run({ ...good, 'test/a.test.ts': forgotten });
    check(outcome, {
      code: 1,
      last: '3 passed, 1 failed, 0 skipped',
      says: /^✖ test\/a\.test\.ts: left behind: process \d+ \(.*setInterval/m,
    });
    const pid = Number(/left behind: process (\d+)/.exec(outcome.output)?.[1]);
    assert.ok(pid > 0 && hasEnded(pid));
  });

  it('leaves nothing when it is interrupted, and says by what', () => interrupted('SIGTERM', 143, 'await new Promise(() => {});'));

  it('nor where the test hears nothing', () => interrupted('SIGINT', 130, 'while (true);'));

  it('counts a suite that is skipped as a whole, and lets go what nobody can have', () => {
    const suite = (reason: string) => ({
      ...good,
      'test/c.test.ts': `describe('c', { skip: '${reason}' }, () => { it('d', () => {}); });`,
    });
    const CI = 'true';
    check(run(suite('no moon here')), { code: 0, last: '2 passed, 0 failed, 1 skipped', says: /- c: no moon here/ });
    check(run(suite('no moon here'), [], { CI }), { code: 1, last: '2 passed, 1 failed, 1 skipped', says: /CI=true/ });
    const rethinkdb = suite('no rethinkdb on this machine');
    check(run(rethinkdb, [], { CI }), { code: 0, last: '2 passed, 0 failed, 1 skipped', says: /- c: no rethinkdb/ });
  });

  it('runs what a pattern names, and fails when that is nothing', () => {
    check(run(good, ['a.test']), { code: 0, last: '1 passed, 0 failed, 0 skipped' });
    check(run(good, ['test/*.test.ts']), { code: 0, last: '1 passed, 0 failed, 0 skipped' });
    check(run(good, ['nowhere']), { code: 1, last: '0 passed, 1 failed, 0 skipped' });
  });
});
