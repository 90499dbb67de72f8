import { type Mechanism, mechanisms } from '@hubbub/server/core/mechanisms';
import { bugs } from './bugs/bugs.ts';
import { faults } from './faults.ts';
import { runSeeds } from './pool.ts';

/** Branches that are too rare to be asked for, or that a simulation without strangers on its bus never takes. */
const mayHappen: readonly Mechanism[] = ['look_found_after_gap', 'link_silent', 'answer_late', 'signal_shed'];

/** Branches that every thousand seeds must take, of core and of the SDK: one that none took has been proved by nothing. */
export const mustHappen: readonly string[] = [
  ...mechanisms.filter((name) => !mayHappen.includes(name)),
  'resumed',
  'outbox_retry',
  'moved_over',
  'raced_send',
  'raced_subscribe',
  'raced_history',
  'clocks_skewed',
  'failed_over_unequal',
  'failed_over_unseen',
  ...Object.keys(faults).map((name) => `fault_${name}`),
  'degraded_said',
  'next_envelope',
  'next_note',
  'next_push',
  'next_code',
  'next_member',
  'next_command',
  'degraded_over',
  'unheard_long',
];

/** Branches that no seed may take. */
export const mustNotHappen = ['client_gap'] as const;

/** From so many seeds on, what never happened is a failure: with fewer it may be chance. */
const enoughToMiss = 1_000;
const seedsPerBug = 50;

export interface SimReport {
  readonly seeds: number;
  readonly seedsPerSecond: number;
  readonly events: number;
  readonly cutOff: number;
  readonly failures: readonly { readonly seed: number; readonly violations: readonly string[] }[];
  /** Branches of `mustHappen` that never did, of `mustNotHappen` that did. */
  readonly missing: readonly string[];
  readonly mechanisms: Readonly<Record<string, number>>;
}

/** Runs seeds `from` … `from + count − 1`. `now`: a clock in milliseconds; `progress` gets the seeds done. */
export async function simulate(
  from: number,
  count: number,
  now: () => number,
  progress: (done: number) => void = () => {},
): Promise<SimReport> {
  const began = now();
  const mechanisms: Record<string, number> = {};
  const failures: { seed: number; violations: readonly string[] }[] = [];
  let done = 0;
  let events = 0;
  let cutOff = 0;
  await runSeeds(
    Array.from({ length: count }, (_, at) => from + at),
    (answer) => {
      done += 1;
      events += answer.events;
      cutOff += answer.cutOff;
      if (answer.violations.length > 0) failures.push({ seed: answer.seed, violations: answer.violations });
      for (const [name, by] of answer.counts) mechanisms[name] = (mechanisms[name] ?? 0) + by;
      progress(done);
      return false;
    },
  );
  const never = count >= enoughToMiss ? mustHappen.filter((name) => !mechanisms[name]) : [];
  return {
    seeds: count,
    seedsPerSecond: Math.round((count / (now() - began)) * 10_000) / 10,
    events,
    cutOff,
    failures: failures.sort((a, b) => a.seed - b.seed),
    missing: [...never, ...mustNotHappen.filter((name) => mechanisms[name])],
    mechanisms: Object.fromEntries(Object.entries(mechanisms).sort()),
  };
}

export interface BugReport {
  readonly name: string;
  /** The first seed that caught it, after how many; undefined: it got away. */
  readonly caught?: { readonly seed: number; readonly after: number; readonly violation: string };
}

/** Plants each bug, one at a time, until a seed catches it. */
export async function simulateBugs(from: number, names: readonly string[], on: (report: BugReport) => void): Promise<readonly BugReport[]> {
  const reports: BugReport[] = [];
  for (const bug of bugs) {
    if (names.length > 0 && !names.includes(bug.name)) continue;
    let after = 0;
    let report: BugReport = { name: bug.name };
    await runSeeds(
      Array.from({ length: seedsPerBug }, (_, at) => from + at),
      ({ seed, violations }) => {
        after += 1;
        const [violation] = violations;
        if (violation === undefined || report.caught) return false;
        report = { name: bug.name, caught: { seed, after, violation } };
        return true;
      },
      bug,
    );
    reports.push(report);
    on(report);
  }
  return reports;
}
