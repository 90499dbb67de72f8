import { Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { Mechanism } from './mechanisms.ts';

/** How many links may say hello: so many a second, and so many at once after quiet. */
export interface AdmissionLimits {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * One that comes back costs 1 ms of CPU, over all threads (sign-in, four channels, fifty events of each): at this pace a node is busy, and its
 * p99 is below 0.1 s (`bench storm`).
 */
const admissionLimits: AdmissionLimits = { perSecond: 1_000, burst: 2_000 };

/**
 * Lets links say hello at a pace that the node can bear: thousands that come back at once would each cost a sign-in and their catching
 * up, all in the same second. Whoever is told to come later is told when: spread over the time that all who wait will take.
 */
export class Admission {
  readonly #env: Env<Mechanism>;
  readonly #interval: number;
  readonly #tolerance: number;
  /** When the next hello would be on time, at the steady pace. */
  #next = Number.NEGATIVE_INFINITY;
  /** By when all who were told to come later will have had their turn, at the steady pace. */
  #promised = Number.NEGATIVE_INFINITY;
  #over = false;

  constructor(env: Env<Mechanism>, limits: Partial<AdmissionLimits> = {}) {
    const { perSecond, burst } = { ...admissionLimits, ...limits };
    this.#env = env;
    this.#interval = 1_000 / perSecond;
    this.#tolerance = (burst - 1) * this.#interval;
  }

  /** From now on nobody is let in: there are other nodes to go to. */
  end(): void {
    this.#over = true;
  }

  /** Takes a hello, or throws Refusal: `overloaded`, with when to come back; `draining`. */
  enter(): void {
    if (this.#over) {
      this.#env.count('hello_at_drain');
      throw new Refusal('draining', 'the server is going');
    }
    const now = this.#env.now();
    const due = Math.max(this.#next, now);
    if (due - now <= this.#tolerance) {
      this.#next = due + this.#interval;
      return;
    }
    this.#env.count('hello_put_off');
    this.#promised = Math.max(this.#promised, now) + this.#interval;
    const retryAfter = Math.ceil(this.#interval + this.#env.random() * (this.#promised - now));
    throw new Refusal('overloaded', 'too many come at once', retryAfter);
  }
}
