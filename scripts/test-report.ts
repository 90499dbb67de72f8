/**
 * The reporter of `npm test`: one line a file, under it what failed (in full), what was skipped (by name and reason) and what tests had
 * to say (`t.diagnostic`). It leaves its totals in the file that HUBBUB_TEST_TOTALS names: an exit code does not say whether tests ran.
 */
import { AssertionError } from 'node:assert';
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { EventData } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
  /** Of the skipped: what may be, even where nothing may. */
  excused: number;
}

/** A server that no registry has. */
const unobtainable = /^no rethinkdb on this machine$/;

/** What has been seen of the file that is running. */
interface Current {
  file: string;
  totals: Totals;
  ms: number;
  lines: string[];
}

/** The runner's own counts, said again at its end as if a test had said them. */
const counts = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const sum: Totals = { passed: 0, failed: 0, skipped: 0, excused: 0 };
  const names = new Names();
  let current: Current | undefined;

  for await (const event of events) {
    const file =
      event.type === 'test:pass' || event.type === 'test:fail' || event.type === 'test:diagnostic' ? place(event.data) : undefined;
    if (file !== undefined && file !== current?.file) {
      if (current !== undefined) yield show(current);
      current = { file, totals: { passed: 0, failed: 0, skipped: 0, excused: 0 }, ms: 0, lines: [] };
    }
    if (event.type === 'test:start') names.start(event.data);
    else if (event.type === 'test:diagnostic' && !counts.test(event.data.message)) {
      if (current === undefined || event.data.file === undefined) yield `ℹ ${event.data.message}\n`;
      else current.lines.push(`ℹ ${event.data.message}`);
    } else if ((event.type === 'test:pass' || event.type === 'test:fail') && current !== undefined) {
      judge(event, current, sum, names);
    }
  }
  if (current !== undefined) yield show(current);
  const target = process.env['HUBBUB_TEST_TOTALS'];
  if (target !== undefined) writeFileSync(target, JSON.stringify(sum));
}

/** Test names with the suites around them: the runner names a suite's tests before the suite itself. */
class Names {
  readonly #stack: string[] = [];

  start({ name, nesting }: EventData.TestStart): void {
    this.#stack.length = nesting;
    this.#stack[nesting] = name;
  }

  full({ name, nesting }: { name: string; nesting: number }): string {
    return [...this.#stack.slice(0, nesting), name].join(' › ');
  }
}

/** The file to which a result belongs; tests that a contract suite makes stand under the suite's file. */
function place({ file }: { file?: string | undefined }): string | undefined {
  return file === undefined ? undefined : relative(process.cwd(), file);
}

type Result = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>;

function judge(event: Result, current: Current, sum: Totals, names: Names): void {
  const { data } = event;
  if (data.nesting === 0) current.ms += data.details.duration_ms;
  if (event.type === 'test:fail') {
    const { error } = event.data.details;
    // A suite that failed because a test of it did has been reported by that test.
    if ('failureType' in error && error.failureType === 'subtestsFailed') return;
    if (data.todo === undefined) {
      count('failed', current, sum);
      current.lines.push(`✖ ${names.full(data)}`, ...explain(error));
      return;
    }
  }
  // A suite that is skipped as a whole is all that is said of its tests.
  if (data.details.type === 'suite' && data.skip === undefined) return;
  if (data.skip !== undefined || data.todo !== undefined) {
    count('skipped', current, sum);
    if (unobtainable.test(reason(data.skip))) count('excused', current, sum);
    current.lines.push(`- ${names.full(data)}: ${reason(data.skip ?? data.todo)}`);
  } else if (data.nesting === 0 && data.name === current.file) {
    // For the runner a file without tests is itself a test, and passes.
    count('failed', current, sum);
    current.lines.push('✖ holds no test');
  } else count('passed', current, sum);
}

function count(what: keyof Totals, current: Current, sum: Totals): void {
  current.totals[what] += 1;
  sum[what] += 1;
}

function reason(said: string | boolean | undefined): string {
  return typeof said === 'string' && said !== '' ? said : 'no reason given';
}

function explain(error: Error): string[] {
  const cause = error.cause ?? error;
  // An assertion's message holds the difference already; its fields would say it again.
  const text = cause instanceof AssertionError ? (cause.stack ?? cause.message) : inspect(cause, { depth: 4 });
  const lines = text.split('\n').filter((line) => !/^ *at .*(\bnode:|Promise\.all|<anonymous>\)$)/.test(line));
  return lines.map((line) => `    ${line}`);
}

function show({ file, totals, ms, lines }: Current): string {
  const { passed, failed, skipped } = totals;
  const parts = [`${passed} passed`, ...(failed > 0 ? [`${failed} failed`] : []), ...(skipped > 0 ? [`${skipped} skipped`] : [])];
  const head = `${failed > 0 ? '✖' : '✔'} ${file}: ${parts.join(', ')}, ${Math.round(ms)} ms`;
  return `${[head, ...lines.map((line) => `    ${line}`)].join('\n')}\n`;
}
