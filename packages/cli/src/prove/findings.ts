import type { History } from './history.ts';
import { ackedBetween, caughtUp, delays, quantile, type Spell } from './timing.ts';
import type { Verdict } from './verdict.ts';

/** One fault of a run, with the load before and after it. */
export interface Phase {
  readonly fault: string;
  /** What shows that the fault was there. */
  readonly seen: string | undefined;
  readonly spell: Spell;
  /** When there was load and no fault. */
  readonly calm: readonly { readonly from: number; readonly to: number }[];
  /** What only the look has found, in calm and in all; undefined: nobody here is told. */
  readonly foundInCalm: number | undefined;
  readonly found: number | undefined;
}

/** How many events the look alone had found when a phase began, its fault struck, had healed, and the phase ended. */
export interface LookCounts {
  readonly atStart: number;
  readonly atStrike: number;
  readonly atHealed: number;
  readonly atEnd: number;
  /** A server that is started anew counts from 0; what the former one had found since the fault struck has ended with it. */
  readonly restarted: boolean;
}

export function foundByLook({ atStart, atStrike, atHealed, atEnd, restarted }: LookCounts): { foundInCalm: number; found: number } {
  const before = atStrike - atStart;
  return { foundInCalm: before + atEnd - atHealed, found: restarted ? before + atEnd : atEnd - atStart };
}

export interface Findings {
  /** Events that were acknowledged, deliveries of those that the log holds, and how many clients each of them was due to. */
  readonly acked: number;
  readonly delivered: number;
  readonly entitled: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly gaps: number;
  readonly reordered: number;
  readonly phantom: number;
  readonly cutOff: number;
  readonly resets: number;
  /** Found by the look alone before the fault, or 10 s after it had healed; and while it lasted. Null: not known. */
  readonly foundByAntiEntropy: number | null;
  readonly foundInFault: number | null;
  /** Null: not known. */
  readonly heldMs: number | null;
  readonly caughtUpMsP99: number;
  readonly faultSeen: boolean;
  readonly seed: number;
  readonly violations: readonly string[];
  /** Faults that left no trace, with the reason. */
  readonly void: readonly string[];
  readonly faults: readonly FaultFindings[];
  /** Channels that it has made, and that stay where it was. */
  readonly left: readonly string[];
}

export interface FaultFindings {
  readonly name: string;
  readonly seen: string | null;
  readonly ms: number;
  /** How long after it had healed everybody had everything. */
  readonly caughtUpMsP99: number;
  /** How long after its acknowledgement an event of that time was given to a client. */
  readonly deliveredMsP99: number;
  /** What the look alone has found from when it struck until 10 s after it had healed. Null: not known. */
  readonly foundByLook: number | null;
}

/** Less than this part of what was to be sent in calm, and the run was no load. */
const enough = 0.8;

export interface Run {
  readonly history: History;
  readonly verdict: Verdict;
  readonly phases: readonly Phase[];
  readonly rate: number;
  readonly seed: number;
  /** Undefined: nobody here is told. */
  readonly heldMs: number | undefined;
  readonly left: readonly string[];
  /** Faults that this machine cannot have. */
  readonly lacking: readonly string[];
  /** What was broken, and the history does not show. */
  readonly broken: readonly string[];
}

/** Draws up what a run has shown. */
export function findingsOf({ history, verdict, phases, rate, seed, heldMs, lacking, broken, left }: Run): Findings {
  const { accounts } = history;
  const late = phases.map(({ spell }) => caughtUp(accounts, spell));
  const foundByAntiEntropy = total(phases.map(({ foundInCalm }) => foundInCalm));
  const entitled = accounts.filter(({ steps }) => Object.keys(steps).length > 0).length;
  const due = (verdict.acked - verdict.cutOff) * entitled;
  const traceless = phases.filter(({ seen }) => seen === undefined).map(({ fault }) => `${fault} left no trace`);
  const violations = [
    ...broken,
    ...verdict.violations,
    ...phases.flatMap((phase) => tooFew(phase, history, rate)),
    ...(foundByAntiEntropy !== null && foundByAntiEntropy > 0
      ? [`I13: ${foundByAntiEntropy} events were found by the look alone, without a fault`]
      : []),
    ...(verdict.delivered === due ? [] : [`I1: ${verdict.delivered} deliveries, ${due} were due`]),
  ];
  return {
    acked: verdict.acked,
    delivered: verdict.delivered,
    entitled,
    lost: verdict.of('lost'),
    duplicated: verdict.of('duplicated'),
    gaps: verdict.of('gaps'),
    reordered: verdict.of('reordered'),
    phantom: verdict.of('phantom'),
    cutOff: verdict.cutOff,
    resets: verdict.resets,
    foundByAntiEntropy,
    foundInFault: total(phases.map(foundInFault)),
    heldMs: heldMs ?? null,
    caughtUpMsP99: p99(late.flat()),
    faultSeen: lacking.length === 0 && traceless.length === 0,
    seed,
    violations,
    void: [...lacking, ...traceless],
    faults: phases.map((phase, at) => ({
      name: phase.fault,
      seen: phase.seen ?? null,
      ms: Math.round(phase.spell.healedAt - phase.spell.struckAt),
      caughtUpMsP99: p99(late[at] ?? []),
      deliveredMsP99: p99(delays(accounts, phase.spell)),
      foundByLook: foundInFault(phase) ?? null,
    })),
    left,
  };
}

function foundInFault({ found, foundInCalm }: Phase): number | undefined {
  return found === undefined || foundInCalm === undefined ? undefined : found - foundInCalm;
}

/** Null where one of them is not known: what is not known is not nothing. */
function total(counts: readonly (number | undefined)[]): number | null {
  return counts.reduce<number | null>((sum, count) => (sum === null || count === undefined ? null : sum + count), 0);
}

function p99(values: readonly number[]): number {
  return Math.round(quantile(values, 0.99));
}

function tooFew({ fault, calm }: Phase, { accounts }: History, rate: number): string[] {
  const acked = calm.reduce((sum, { from, to }) => sum + ackedBetween(accounts, from, to), 0);
  const sent = calm.reduce((sum, { from, to }) => sum + ((to - from) / 1_000) * rate, 0);
  return acked >= enough * sent ? [] : [`${fault}: ${acked} events were acknowledged outside the fault, of ${Math.round(sent)}`];
}

/** 1: a promise was broken; 2: a fault left no trace; 0: neither. */
export function exitCodeOf({ violations, void: traceless }: Findings): 0 | 1 | 2 {
  if (violations.length > 0) return 1;
  return traceless.length > 0 ? 2 : 0;
}
