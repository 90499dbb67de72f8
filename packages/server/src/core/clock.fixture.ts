import type { Env } from '@hubbub/protocol/env';
import type { Mechanism } from './mechanisms.ts';

/** A clock that stands still until it is moved. Turns and promises run out by themselves between. */
export class Clock {
  readonly counts = new Map<string, number>();
  #now = 1_000;
  #timers: { at: number; run: () => void }[] = [];
  readonly env: Env<Mechanism> = {
    now: () => this.#now,
    timer: (ms, run) => {
      const timer = { at: this.#now + ms, run };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((one) => one !== timer);
      };
    },
    turn: (run) => void setImmediate(run),
    random: () => 0.5,
    count: (name, by = 1) => void this.counts.set(name, (this.counts.get(name) ?? 0) + by),
  };

  /** Moves on, timer by timer. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      await this.settle();
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = Math.max(this.#now, until);
    await this.settle();
  }

  /** Work that takes so long: the clock moves, and nothing else happens meanwhile. */
  spend(ms: number): void {
    this.#now += ms;
  }

  /** Lets everything run out that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
