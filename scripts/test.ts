/**
 * `npm test [-- PATTERN… | --node-option…]`: first all tests of the packages in one process (fast: modules are loaded once), then, each
 * in a process of its own, what starts real processes or must be alone. A pattern is a part of a path or a glob; without one, all run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { delimiter, join, matchesGlob, resolve } from 'node:path';
import { env, execPath, exit } from 'node:process';
import { endProcesses, leftovers } from './leftovers.ts';
import type { Totals } from './test-report.ts';

const root = resolve(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'hubbub-test-'));
/** The temporary folder of all tests, so that what they leave behind is known as theirs, processes too. */
const temporary = join(scratch, 'tmp');
mkdirSync(temporary);
// Servers that refuse to be root have folders there too.
chmodSync(scratch, 0o755);
const words = process.argv.slice(2);
const options = words.filter((word) => word.startsWith('-'));
const patterns = words.filter((word) => !word.startsWith('-'));

/** One process. `testTime` is what a single test may take, `time` what all of it may: a file that never ends loading has no test. */
interface Run {
  name: string;
  files: string[];
  testTime: number;
  time: number;
}

function find(glob: string): string[] {
  const files = globSync(glob, { cwd: root, exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path) }).sort();
  return patterns.length === 0 ? files : files.filter((file) => patterns.some((pattern) => fits(file, pattern)));
}

function fits(file: string, pattern: string): boolean {
  return file.includes(pattern.replace(/^\.\//, '')) || matchesGlob(file, pattern);
}

/** What went wrong without a failing test (a late rejection, an exit in mid-run, no test at all) counts as a failure. */
async function run({ name, files, testTime, time }: Run): Promise<Totals> {
  const report = join(scratch, 'totals.json');
  rmSync(report, { force: true });
  const args = [
    '--test',
    '--test-isolation=none',
    // A forgotten handle would keep the runner waiting for ever.
    '--test-force-exit',
    `--test-timeout=${testTime}`,
    `--test-reporter=${join(root, 'scripts/test-report.ts')}`,
  ];
  const code = await node(report, [...args, ...options, ...files], time);
  const totals = read(report);
  const left = await leftovers(temporary);
  const wrong = complaint(totals, code) ?? (left.length > 0 ? `left behind: ${left.join(', ')}` : undefined);
  if (totals !== undefined && wrong === undefined) return totals;
  console.log(`✖ ${name}: ${wrong}`);
  return {
    passed: totals?.passed ?? 0,
    failed: Math.max(totals?.failed ?? 0, 1),
    skipped: totals?.skipped ?? 0,
    excused: totals?.excused ?? 0,
  };
}

function complaint(totals: Totals | undefined, code: number): string | undefined {
  if (totals === undefined)
    return `ended without a summary (exit code ${code}): a test, or what it tests, ended the process or took too long`;
  // Options such as --test-name-pattern may leave a file without tests; nothing else may.
  if (totals.passed + totals.failed + totals.skipped === 0 && options.length === 0) return 'no test ran';
  if (code !== 0 && totals.failed === 0)
    return `exit code ${code}, although no test failed: something was rejected or thrown after its test`;
  const skipped = totals.skipped - totals.excused;
  if (env['CI'] === 'true' && skipped > 0) return `${skipped} skipped, which CI=true does not allow`;
  return undefined;
}

function read(report: string): Totals | undefined {
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as Totals;
  } catch {
    return undefined;
  }
}

async function node(report: string, args: string[], time: number): Promise<number> {
  // What is interrupted goes on with nothing.
  if (interrupted) return new Promise(() => {});
  // Tests that start `node` by name shall get the one of this project, whatever the machine has.
  const PATH = [join(root, 'node_modules/.bin'), env['PATH']].join(delimiter);
  const child = spawn(execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...env, PATH, TMPDIR: temporary, HUBBUB_TEST_TOTALS: report },
    timeout: time,
    killSignal: 'SIGKILL',
  });
  running = child;
  return new Promise((done, fail) =>
    child.on('error', fail).on('close', (code) => {
      running = undefined;
      if (!interrupted) done(code ?? 1);
    }),
  );
}

/** What runs the tests at the moment. */
let running: ChildProcess | undefined;
let interrupted = false;
const politeness = 2_000;

/** Ends all that belongs to this run, and then this process, as one that the signal has ended. */
async function interrupt(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): Promise<void> {
  if (interrupted) return;
  interrupted = true;
  if (running) {
    const child = running;
    const ended = once(child, 'exit');
    // Told so it ends what its tests have started; one that spins does not hear it, and what it started is found below.
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), politeness);
    await ended;
    clearTimeout(timer);
  }
  await endProcesses(temporary);
  rmSync(scratch, { recursive: true, force: true });
  exit(128 + constants.signals[signal]);
}

// Heard until the end: a second one, of somebody who is impatient, would leave all of it behind.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void interrupt(signal));

const unit = find('packages/**/*.test.ts');
const alone = [...unit.filter((file) => file.endsWith('.isolated.test.ts')), ...find('test/*.test.ts')];
const together = unit.filter((file) => !alone.includes(file));
const minute = 60_000;
const runs: Run[] = [
  { name: 'packages', files: together, testTime: 2 * minute, time: 20 * minute },
  // One after the other: these measure times and start servers of their own.
  ...alone.map((file) => ({ name: file, files: [file], testTime: 5 * minute, time: 10 * minute })),
].filter(({ files }) => files.length > 0);

const all = await Array.fromAsync(runs, run);
const sum = (what: keyof Totals) => all.reduce((total, totals) => total + totals[what], 0);
rmSync(scratch, { recursive: true });

// With a pattern, one half may have nothing to do; without one, an empty half must not look like success.
const empty = patterns.length > 0 ? runs.length === 0 : together.length === 0 || alone.length === 0;
if (empty) console.log('✖ no test file found');
const failed = sum('failed') + (empty ? 1 : 0);
const none = sum('passed') + failed === 0;
if (none) console.log('✖ no test ran');
console.log(`\n${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`);
exit(failed > 0 || none ? 1 : 0);
