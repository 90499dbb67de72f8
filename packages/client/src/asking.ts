import type { Env } from '@hubbub/protocol/env';
import type { SubscribeReply } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { backoff } from './backoff.ts';
import { HubbubError } from './error.ts';
import type { ChannelSubscription } from './subscription.ts';

export interface AskingParts {
  readonly env: Env;
  isOpen(): boolean;
  /** Sends a `subscribe`; `taken` gets the reply before the next frame is looked at. Rejects with a HubbubError. */
  subscribe(to: string, taken: (reply: SubscribeReply) => void): Promise<unknown>;
}

/** Subscribes at the server: what is asked for in one turn in one command, and what failed for a passing cause again, ever later. */
export class Asking {
  readonly #parts: AskingParts;
  readonly #waiting = new Set<ChannelSubscription>();
  #failures = 0;

  constructor(parts: AskingParts) {
    this.#parts = parts;
  }

  add(subscription: ChannelSubscription): void {
    if (!this.#parts.isOpen() || subscription.state.state === 'gone') return;
    if (this.#waiting.size === 0) this.#parts.env.turn(() => this.#askAll());
    this.#waiting.add(subscription);
  }

  /** The link is gone: with the next one everything is asked for anew. */
  clear(): void {
    this.#waiting.clear();
  }

  #askAll(): void {
    // One that was closed meanwhile is gone; a new one of its channel is another.
    const asking = [...this.#waiting].filter(({ state }) => state.state !== 'gone');
    this.#waiting.clear();
    for (let at = 0; at < asking.length; at += limits.channelsPerCommand)
      void this.#askSome(asking.slice(at, at + limits.channelsPerCommand));
  }

  async #askSome(asking: readonly ChannelSubscription[]): Promise<void> {
    let again: readonly ChannelSubscription[] = [];
    let atLeast = 0;
    try {
      const to = JSON.stringify(asking.map((one) => one.target()));
      await this.#parts.subscribe(to, ({ results }) => {
        // At once: the first events may be right behind.
        again = asking.filter((one, at) => {
          const result = results[at];
          if (!result) return true;
          one.answered(result);
          if ('error' in result) atLeast = Math.max(atLeast, result.error.retryAfter ?? 0);
          return 'error' in result && one.state.state !== 'gone';
        });
      });
    } catch (error) {
      if (error instanceof HubbubError && error.code === 'link_lost') return;
      again = asking;
      atLeast = error instanceof HubbubError ? (error.retryAfter ?? 0) : 0;
    }
    this.#failures = again.length === 0 ? 0 : this.#failures + 1;
    if (again.length === 0) return;
    const { env } = this.#parts;
    env.timer(backoff(this.#failures, env.random, atLeast), () => {
      for (const one of again) if (one.state.state === 'opening') this.add(one);
    });
  }
}
