/**
 * How often something may be done: so many times a second, and so many at once after quiet. One number, whatever came (the generic cell
 * rate algorithm: ITU-T I.371, annex A).
 */
export class Pace {
  readonly #interval: number;
  readonly #tolerance: number;
  /** When the next one would be on time, at the steady pace. */
  #next = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, burst: number) {
    this.#interval = 1_000 / perSecond;
    this.#tolerance = (burst - 1) * this.#interval;
  }

  /** Takes one at `now`, and returns 0; or, when it is too soon, takes none, and returns after how many milliseconds it may come again. */
  take(now: number): number {
    const due = Math.max(this.#next, now);
    const wait = due - now - this.#tolerance;
    if (wait > 0) return wait;
    this.#next = due + this.#interval;
    return 0;
  }
}
