import { randomFillSync } from 'node:crypto';
import type { Env } from '@hubbub/protocol/env';
import { type Mechanism, mechanisms } from './core/mechanisms.ts';

/** The process's own clock, timers and randomness, and the counts of what core has done. */
export function processEnv(): Env<Mechanism> & { readonly counts: ReadonlyMap<Mechanism, number> } {
  // Who watches a count sees it rise only from a value that he has seen before.
  const counts = new Map<Mechanism, number>(mechanisms.map((name) => [name, 0]));
  const draws = new Uint32Array(512);
  let next = draws.length;
  const draw = (): number => {
    if (next === draws.length) {
      randomFillSync(draws);
      next = 0;
    }
    next += 1;
    return draws[next - 1] ?? 0;
  };
  return {
    counts,
    // Monotonic: a clock that is set must not make a look older or younger than it is.
    now: () => performance.timeOrigin + performance.now(),
    timer: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    turn: (run) => void setImmediate(run),
    random: () => ((draw() >>> 5) * 2 ** 26 + (draw() >>> 6)) / 2 ** 53,
    count: (name, by = 1) => counts.set(name, (counts.get(name) ?? 0) + by),
  };
}
