/** A clock that is moved in ticks, for thousands of timers over a long time: they run at the first tick that is not before theirs. */
import type { Env } from '@hubbub/protocol/env';
import type { Mechanism } from '@hubbub/server/core/mechanisms';

const tickMs = 50;

export class TickingClock {
  readonly #due = new Map<number, Set<() => void>>();
  readonly #idle: () => boolean;
  #tick = 0;
  #pending = 0;
  readonly env: Env<Mechanism> = {
    now: () => this.#tick * tickMs,
    timer: (ms, run) => {
      const tick = Math.max(this.#tick + 1, Math.ceil(this.#tick + ms / tickMs));
      const due = this.#due.get(tick) ?? new Set();
      this.#due.set(tick, due);
      // The same function may wait twice.
      const once = (): void => run();
      due.add(once);
      this.#pending += 1;
      return () => {
        if (!due.delete(once)) return;
        this.#pending -= 1;
        if (due.size === 0) this.#due.delete(tick);
      };
    },
    turn: (run) => void setImmediate(run),
    random: () => 0.5,
    count: () => {},
  };

  /** `idle`: what does not need this clock has come to its end as well. */
  constructor(idle: () => boolean) {
    this.#idle = idle;
  }

  /** Timers that run. */
  get pending(): number {
    return this.#pending;
  }

  /** Moves on, tick by tick; at each, everything runs out that needs no time. */
  async pass(ms: number): Promise<void> {
    await this.#settle();
    for (const end = this.#tick + ms / tickMs; this.#tick < end; ) {
      this.#tick += 1;
      const due = this.#due.get(this.#tick) ?? new Set();
      for (const run of due) {
        due.delete(run);
        this.#pending -= 1;
        run();
      }
      this.#due.delete(this.#tick);
      await this.#settle();
    }
  }

  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < 4; ) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = this.#idle() ? quiet + 1 : 0;
    }
  }
}
