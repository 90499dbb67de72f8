import type { PresenceParts } from '../core/presence.ts';
import type { Own } from './roll.ts';

/** Who has gone is away for so long: a link that broke is back by then, and nobody was told. */
const awayFor = 5_000;

/** Those whose last link has ended, until they are gone. */
export class Away {
  readonly #env: PresenceParts['env'];
  readonly #gone: (own: Own) => void;
  /** Until when, in the order of their going. */
  readonly #until = new Map<Own, number>();
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(env: PresenceParts['env'], gone: (own: Own) => void) {
    this.#env = env;
    this.#gone = gone;
  }

  since(left: number, own: Own): void {
    this.#until.set(own, left + awayFor);
    this.#awaitReturn();
  }

  /** Whether he was away. */
  back(own: Own): boolean {
    return this.#until.delete(own);
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  /** One timer for all: they are to be gone in the order of their going. */
  #awaitReturn(): void {
    const env = this.#env;
    const [first] = this.#until.values();
    if (this.#cancel || first === undefined || this.#closed) return;
    this.#cancel = env.timer(Math.max(0, first - env.now()), () => {
      this.#cancel = undefined;
      const now = env.now();
      for (const [own, until] of this.#until) {
        if (until > now) break;
        this.#until.delete(own);
        env.count('presence_away');
        this.#gone(own);
      }
      this.#awaitReturn();
    });
  }
}
