/**
 * What one has heard of those in his room. Who has the number `who` among all numbers what he says `who`, `who + all`, `who + 2 all`, …, so
 * that a number tells who has said it and what must have come from him before.
 */
export class Hearing {
  readonly #all: number;
  readonly #next = new Map<number, number>();

  /** `all`: how many they are, those of the other rooms included. */
  constructor(all: number) {
    this.#all = all;
  }

  /** Throws when it is not what follows what was heard of the same speaker: something is missing, came twice, or in another order. */
  hear(number: number): void {
    const who = number % this.#all;
    const expected = this.#next.get(who) ?? who;
    if (number !== expected) throw new Error(`${number} of speaker ${who} came where ${expected} should`);
    this.#next.set(who, number + this.#all);
  }
}
