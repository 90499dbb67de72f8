import type { Env } from '@hubbub/protocol/env';
import type { Subscription } from './subscription.ts';

/** A state is told when it has lasted so long: no flicker at every concern or burst. */
const settleAfter = 250;
/** How often one who is behind is told again, with the head: "240 to go". */
const againAfter = 1_000;

/** Tells a client which of its subscriptions are live and which are behind, once that is worth telling. */
export class Standings {
  readonly #env: Env;
  readonly #tell: (subscription: Subscription, state: 'live' | 'behind') => boolean;
  /** Subscriptions that are not what the client believes, since when. */
  readonly #unsettled = new Map<Subscription, number>();
  /** Behind, and told so: when last. */
  readonly #behind = new Map<Subscription, number>();
  #cancel: (() => void) | undefined;

  /** `tell` says whether it could be told; else it is tried again. */
  constructor(env: Env, tell: (subscription: Subscription, state: 'live' | 'behind') => boolean) {
    this.#env = env;
    this.#tell = tell;
  }

  /** The subscription's state may have changed. */
  changed(subscription: Subscription): void {
    if (shown(subscription) === subscription.told) {
      this.#unsettled.delete(subscription);
      if (subscription.told === 'behind' && !this.#behind.has(subscription)) this.#behind.set(subscription, this.#env.now());
    } else if (!this.#unsettled.has(subscription)) this.#unsettled.set(subscription, this.#env.now());
    this.#arm();
  }

  forget(subscription: Subscription): void {
    this.#unsettled.delete(subscription);
    this.#behind.delete(subscription);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#unsettled.clear();
    this.#behind.clear();
  }

  #arm(): void {
    if (this.#cancel || (this.#unsettled.size === 0 && this.#behind.size === 0)) return;
    this.#cancel = this.#env.timer(settleAfter, () => {
      this.#cancel = undefined;
      this.#settle();
      this.#arm();
    });
  }

  #settle(): void {
    const now = this.#env.now();
    for (const [subscription, since] of this.#unsettled) {
      if (now - since < settleAfter) continue;
      const state = shown(subscription);
      if (!this.#tell(subscription, state)) continue;
      this.#unsettled.delete(subscription);
      subscription.told = state;
      if (state === 'behind') this.#behind.set(subscription, now);
      else this.#behind.delete(subscription);
    }
    for (const [subscription, last] of this.#behind) {
      if (now - last < againAfter || this.#unsettled.has(subscription)) continue;
      if (this.#tell(subscription, 'behind')) this.#behind.set(subscription, now);
    }
  }
}

function shown(subscription: Subscription): 'live' | 'behind' {
  return subscription.state === 'live' ? 'live' : 'behind';
}
