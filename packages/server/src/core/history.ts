import type { Env } from '@hubbub/protocol/env';
import { type Pair, type Store, StoreError } from '../store/store.ts';
import type { Mechanism } from './mechanisms.ts';

/**
 * Which history (epoch) the node lives in. Every call to the store goes through `ask`, so that a new epoch is noticed by whoever meets
 * it first, and an answer that set out before the change and arrives after it is never taken for the present.
 */
export class History {
  readonly #env: Env<Mechanism>;
  readonly #store: Store;
  readonly #onNew: () => void;
  #epoch: string | undefined;
  #mark = '';
  #adoptions = 0;
  #renewing: Promise<void> | undefined;
  #suspectedAt = Number.NEGATIVE_INFINITY;

  /** `onNew` is called when a known epoch gives way to another, with the new one in place; not for the first. */
  constructor(env: Env<Mechanism>, store: Store, onNew: () => void) {
    this.#env = env;
    this.#store = store;
    this.#onNew = onNew;
  }

  /** The present epoch; before the first answer, the empty text, which no position can name. */
  get epoch(): string {
    return this.#epoch ?? '';
  }

  /** The newest mark that was answered, for the envelopes. */
  get mark(): string {
    return this.#mark;
  }

  /** Calls the store. Throws what it throws, and `unavailable` for an answer from a former epoch. */
  async ask<Answer extends Pair>(call: (store: Store) => Promise<Answer>): Promise<Answer> {
    const adoptions = this.#adoptions;
    let answer: Answer;
    try {
      answer = await call(this.#store);
    } catch (error) {
      // One that set out before the present epoch began speaks of what has been renewed since: renewing again would make one more.
      const fresh = adoptions === this.#adoptions;
      if (fresh && error instanceof StoreError && error.code === 'rolled_back') await this.#renew();
      throw error;
    }
    if (answer.epoch !== this.#epoch && adoptions !== this.#adoptions) {
      this.#env.count('answer_late');
      throw new StoreError('unavailable', 'an answer from a former epoch');
    }
    this.#take(answer);
    return answer;
  }

  /** Hears the pair that a bell carried. Another epoch than ours is no news by itself (a bell may be old): the store is asked, at most once a second. */
  heard(pair: Pair): boolean {
    if (pair.epoch === this.#epoch) {
      this.#store.powers.renewable?.heard(pair);
      return true;
    }
    const now = this.#env.now();
    if (now - this.#suspectedAt >= 1_000) {
      this.#suspectedAt = now;
      this.ask((store) => store.heads([])).catch(() => {});
    }
    return false;
  }

  /** Begins a new history, because somebody wants one: what the log holds stays. Its name. Throws StoreError, `not_supported` too. */
  async begin(): Promise<string> {
    const { renewable } = this.#store.powers;
    if (!renewable) throw new StoreError('not_supported', 'this store cannot begin a new history');
    const from = this.#epoch;
    // The history that is to end has to be named.
    if (from === undefined) throw new StoreError('unavailable', 'the log has not been seen yet');
    return (await this.ask(() => renewable.renew(from))).epoch;
  }

  #take(pair: Pair): void {
    this.#mark = pair.mark;
    if (pair.epoch === this.#epoch) return;
    const first = this.#epoch === undefined;
    this.#epoch = pair.epoch;
    this.#adoptions += 1;
    if (!first) this.#onNew();
  }

  /** The store has lost what it had acknowledged: a new history begins. Single flight; whoever comes second gets the first one's epoch. */
  #renew(): Promise<void> {
    const renewable = this.#store.powers.renewable;
    const from = this.#epoch;
    if (!renewable || from === undefined) return Promise.resolve();
    this.#env.count('rolled_back');
    this.#renewing ??= renewable
      .renew(from)
      .then((pair) => {
        this.#env.count('renewed');
        if (this.#epoch === from) this.#take(pair);
      })
      .catch(() => {})
      .finally(() => {
        this.#renewing = undefined;
      });
    return this.#renewing;
  }
}
