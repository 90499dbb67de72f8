import type { Env } from '@hubbub/protocol/env';

/** The browser's, or Node's, own clock, timers and randomness. Counts go nowhere unless `count` is given. */
export function platformEnv(count: (name: string, by?: number) => void = () => {}): Env {
  const draw = new Uint32Array(2);
  return {
    now: () => performance.timeOrigin + performance.now(),
    timer: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    turn: (run) => void setTimeout(run, 0),
    // 53 bits, as Math.random has, from a source that does not repeat in a forked or restored process.
    random: () => {
      const [high = 0, low = 0] = crypto.getRandomValues(draw);
      return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
    },
    count,
  };
}
