import type { Env } from '@hubbub/protocol/env';
import type { Flights, Landing } from './flight.ts';
import type { History } from './history.ts';
import type { Mechanism } from './mechanisms.ts';
import { cut, eventsFrame } from './page.ts';
import type { Subscription } from './subscription.ts';
import type { Encoded } from './tail.ts';
import type { Frame } from './transport.ts';

export interface PullParts {
  readonly env: Env<Mechanism>;
  readonly flights: Flights;
  readonly history: History;
  /** Whether events must be held back, because the newest look is too old to trust. */
  held(): boolean;
}

/** What pulling finds out about a subscription. */
export interface PullEvents {
  /** It stands at the channel's `sent`. */
  live(subscription: Subscription): void;
  /** It could not be served, for the node holds. */
  held(subscription: Subscription): void;
  /** An event that has just been handed over concerns its user, and came after the authority was asked. */
  concern(subscription: Subscription, offset: number): void;
  /** Part of what it was to read is no longer kept; its cursor stands behind that now. */
  trimmed(subscription: Subscription): void;
  /** It may be tried again. */
  behind(subscription: Subscription): void;
  /** There is something to take. */
  ready(): void;
}

const firstPause = 100;
const longestPause = 2_000;

/**
 * Serves the subscriptions of one feed that are behind, in turn: from the tail, or from the store. One read of the store at a time; what
 * has landed is taken in the same turn, or dropped, so that a slow link keeps nothing.
 */
export class Pull {
  readonly #parts: PullParts;
  readonly #to: PullEvents;
  /** Behind, in the order of their turns. */
  readonly #due = new Set<Subscription>();
  #fetching: Subscription | undefined;
  #landed: { readonly subscription: Subscription; readonly landing: Landing } | undefined;

  constructor(parts: PullParts, to: PullEvents) {
    this.#parts = parts;
    this.#to = to;
  }

  add(subscription: Subscription): void {
    this.#due.add(subscription);
  }

  remove(subscription: Subscription): void {
    this.#due.delete(subscription);
  }

  /** Whether something may be there to take. */
  get waiting(): boolean {
    return this.#due.size > 0;
  }

  /**
   * The next events, as frames: whole pages, at least one if there is any, about `maxBytes` in all, channels in turn. Empty: nothing
   * now; `ready` is called when there is. Cursors move with the answer, so it must be written.
   */
  take(maxBytes: number): readonly Frame[] {
    if (this.#due.size === 0) return [];
    if (this.#parts.held()) {
      for (const subscription of this.#due) this.#to.held(subscription);
      this.#parts.env.count('behind_hold');
      return [];
    }
    const frames: Frame[] = [];
    let left = maxBytes;
    const landed = this.#landed;
    this.#landed = undefined;
    if (landed && landed.subscription.state === 'behind') left -= this.#takeLanding(landed.subscription, landed.landing, left, frames);
    let idle = 0;
    while (left > 0 && idle < this.#due.size) {
      const subscription = this.#due.values().next().value;
      if (!subscription) break;
      this.#due.delete(subscription);
      const { channel } = subscription;
      if (subscription.state !== 'behind') continue;
      if (subscription.cursor >= channel.sent && channel.open) {
        this.#parts.env.count('live_again');
        this.#to.live(subscription);
        continue;
      }
      this.#due.add(subscription);
      const events = channel.open ? channel.tail.after(subscription.cursor) : undefined;
      if (!events) {
        this.#fetch(subscription);
        idle += 1;
        continue;
      }
      const bytes = this.#takePage(subscription, events, frames);
      left -= bytes;
      idle = bytes > 0 ? 0 : idle + 1;
    }
    return frames;
  }

  /** One page of `events` (which follow the cursor), up to `sent`. Returns its bytes. */
  #takePage(subscription: Subscription, events: readonly Encoded[], frames: Frame[]): number {
    const { channel, user } = subscription;
    const page = cut(events, channel.sent, (event) => concerns(event, user) && event.entry.header.offset > subscription.asOf);
    const last = page.at(-1);
    if (!last) return 0;
    const frame = eventsFrame(channel.name, this.#parts.history.epoch, page);
    frames.push(frame);
    subscription.cursor = last.entry.header.offset;
    if (concerns(last, user)) this.#to.concern(subscription, subscription.cursor);
    return frame.bytes;
  }

  #takeLanding(subscription: Subscription, landing: Landing, maxBytes: number, frames: Frame[]): number {
    if (landing.first > subscription.cursor + 1) {
      subscription.cursor = landing.first - 1;
      this.#to.trimmed(subscription);
    }
    let bytes = 0;
    while (bytes < maxBytes && subscription.state === 'behind') {
      const taken = this.#takePage(subscription, following(landing.events, subscription.cursor), frames);
      if (taken === 0) break;
      bytes += taken;
    }
    return bytes;
  }

  /** Reads on from the store. The landing wakes the connection, which takes it in the same turn, or it is dropped. */
  #fetch(subscription: Subscription): void {
    const { channel } = subscription;
    if (this.#fetching || !channel.open) return;
    this.#fetching = subscription;
    const cursor = subscription.cursor;
    this.#parts.flights.read(channel.name, cursor + 1, channel.sent).then(
      (landing) => {
        this.#fetching = undefined;
        subscription.failures = following(landing.events, cursor).length > 0 || landing.first > cursor + 1 ? 0 : subscription.failures + 1;
        if (subscription.failures > 0) this.#pause(subscription);
        this.#landed = { subscription, landing };
        this.#to.ready();
        this.#landed = undefined;
      },
      () => {
        this.#fetching = undefined;
        subscription.failures += 1;
        this.#pause(subscription);
        this.#to.ready();
      },
    );
  }

  /** A read that brought nothing is tried again, ever later. */
  #pause(subscription: Subscription): void {
    this.#due.delete(subscription);
    this.#parts.env.timer(Math.min(longestPause, firstPause * 2 ** (subscription.failures - 1)), () => {
      if (subscription.state === 'behind') this.#to.behind(subscription);
    });
  }
}

function concerns(event: Encoded, user: string): boolean {
  const named = event.entry.header.concerns;
  return named !== undefined && (named.includes(user) || named.includes('*'));
}

/** Events after `cursor`, of a list that may begin before it. */
function following(events: readonly Encoded[], cursor: number): readonly Encoded[] {
  const at = events.findIndex((event) => event.entry.header.offset > cursor);
  return at < 0 ? [] : events.slice(at);
}
