import { monotonic, pause } from './clock.ts';
import { Histogram } from './histogram.ts';

/** Who sends later than this, in milliseconds at the 99th percentile, has not kept to the schedule. */
export const latestMs = 5;

export interface Pace {
  readonly count: number;
  /** A second. */
  readonly rate: number;
}

/**
 * Calls `send` `count` times, each at its time whatever has become of those before: an open loop, with the time at which each was due.
 * Returns by how much the calls came late, in milliseconds at the 99th percentile.
 */
export async function onSchedule({ count, rate }: Pace, send: (dueMs: number) => void): Promise<number> {
  const late = new Histogram();
  const start = monotonic();
  for (let sent = 0; sent < count; ) {
    const due = start + (sent * 1_000) / rate;
    const now = monotonic();
    if (due > now) await pause(due - now);
    else {
      late.record(now - due);
      send(due);
      sent += 1;
    }
  }
  return late.times.p99;
}

/** Says so, if a sender was too late for its run to count. */
export function tooLate(lateP99: number): string | undefined {
  return lateP99 > latestMs ? `the offered rate was not reached: sends were ${lateP99} ms late at p99` : undefined;
}
