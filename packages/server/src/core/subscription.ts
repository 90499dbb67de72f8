import type { ResetReason } from '@hubbub/protocol/frames';
import type { Channel, Listener, Outlet, SignalOutcome } from './channel.ts';
import type { Frame } from './transport.ts';

/**
 * One channel in one connection's feed.
 *
 * - `asking`: the authority is to say (again) whether it may be read; nothing flows.
 * - `opening`: it may; the channel is being joined and its head read.
 * - `behind`: below `channel.sent`, or not known to be there: served by `take`.
 * - `live`: its cursor is `channel.sent`; the next fan-out begins exactly there.
 * - `gone`: over; whoever still holds it does nothing.
 */
export type SubscriptionState = 'asking' | 'opening' | 'behind' | 'live' | 'gone';

export class Subscription implements Listener {
  readonly channel: Channel;
  readonly user: string;
  readonly feed: FeedOfSubscription;
  state: SubscriptionState = 'asking';
  /** All up to here has been handed over. */
  cursor = 0;
  /** The authority's last yes knew all events up to here; while asking: will know. */
  asOf = 0;
  /** Concerned while the authority was being asked: its answer may be too old, so it is asked once more. */
  askAgain = false;
  /** To be told, with the new position, as soon as it may be read again. */
  reset: ResetReason | undefined;
  /** What the client believes. */
  told: 'live' | 'behind' = 'behind';
  /** Failed reads in a row. */
  failures = 0;

  constructor(channel: Channel, user: string, feed: FeedOfSubscription) {
    this.channel = channel;
    this.user = user;
    this.feed = feed;
  }

  get outlet(): Outlet {
    return this.feed.outlet;
  }

  get live(): boolean {
    return this.state === 'live';
  }

  /** It may be read, as far as is known, and nobody is being asked. */
  get admitted(): boolean {
    return this.state === 'live' || this.state === 'behind';
  }

  signal(frame: Frame, from: string): SignalOutcome {
    return this.admitted ? this.feed.signal(frame, from) : 'asked_about';
  }

  offer(frame: Frame, start: number, end: number, now: boolean): boolean {
    return this.state === 'live' && this.feed.offer(this, frame, start, end, now);
  }

  due(): void {
    this.feed.due(this);
  }

  concern(offset: number): void {
    this.feed.concern(this, offset);
  }
}

/** What others may ask of the feed that a subscription belongs to. */
export interface FeedOfSubscription {
  readonly outlet: Outlet;
  /** A live subscription is offered a frame of its channel; says whether it was written. */
  offer(subscription: Subscription, frame: Frame, start: number, end: number, now: boolean): boolean;
  /** The channel's `sent` has risen: a live subscription has something to take. */
  due(subscription: Subscription): void;
  /** Somebody's signal of the channel. */
  signal(frame: Frame, from: string): SignalOutcome;
  /** Something concerns its user: `offset` of its channel, or left out: everything is in doubt. */
  concern(subscription: Subscription, offset?: number): void;
}
