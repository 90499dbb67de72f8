import type { Env } from '@hubbub/protocol/env';

/** Repeatable numbers in [0, 1): mulberry32 (public domain, T. Ettinger). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lets what hangs on promises happen; takes no time. */
export async function settle(): Promise<void> {
  for (let at = 0; at < 30; at++) await Promise.resolve();
}

/** A world whose time passes only in `pass`. `random` says one half, until told otherwise. */
export class Clock implements Env {
  time = 1_000_000;
  readonly counts = new Map<string, number>();
  /** Handed on without its world, so it is bound. */
  readonly random: () => number;
  #timers: { readonly at: number; readonly run: () => void }[] = [];
  #turns: (() => void)[] = [];

  constructor(random: () => number = () => 0.5) {
    this.random = random;
  }

  now(): number {
    return this.time;
  }

  timer(ms: number, run: () => void): () => void {
    const timer = { at: this.time + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  turn(run: () => void): void {
    this.#turns.push(run);
  }

  count(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by);
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Runs the turns that are due, and what follows of them. What a turn throws is thrown here. */
  async flush(): Promise<void> {
    await settle();
    for (let run = this.#turns.shift(); run; run = this.#turns.shift()) {
      run();
      await settle();
    }
  }

  /** Lets `ms` go by, timer by timer. */
  async pass(ms: number): Promise<void> {
    const until = this.time + ms;
    await this.flush();
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (!next || next.at > until) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
      await this.flush();
    }
    this.time = until;
  }
}
