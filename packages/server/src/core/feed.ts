import { Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { StatePush, Subscribed } from '@hubbub/protocol/frames';
import { formatPosition, type Position } from '@hubbub/protocol/position';
import type { Attendance } from './attendance.ts';
import type { Outlet, SignalOutcome } from './channel.ts';
import type { Flights } from './flight.ts';
import type { History } from './history.ts';
import type { Hub } from './hub.ts';
import type { Who } from './identity.ts';
import type { Mechanism } from './mechanisms.ts';
import { Pull } from './pull.ts';
import type { Rights } from './rights.ts';
import { Standings } from './standings.ts';
import { newestPage, type Start, startAt } from './start.ts';
import { type FeedOfSubscription, Subscription } from './subscription.ts';
import type { Frame } from './transport.ts';

/** What every feed of a node shares. */
export interface FeedParts {
  readonly env: Env<Mechanism>;
  readonly hub: Hub;
  readonly flights: Flights;
  readonly rights: Rights;
  readonly history: History;
  /** Whether events must be held back, because the newest look is too old to trust. */
  held(): boolean;
}

/** What a feed needs of its connection. */
export interface FeedLink extends Outlet {
  /** Writes a `state` push, unless the link is full; says whether it did. */
  state(push: StatePush, always: boolean): boolean;
  /** Writes a frame if the link has room and may be written to; says whether it did. */
  offer(frame: Frame, now: boolean): boolean;
  /** `take` has something to give. */
  ready(): void;
}

const firstPause = 100;
const longestPause = 2_000;

/**
 * What one connection is to receive: cursors, pulled. `take` answers *what comes after N?* for all of its channels, in turn. First
 * subscribe, resume, replay and slow clients are one path: a cursor below `sent`.
 */
export class Feed implements FeedOfSubscription {
  readonly subscriptions = new Map<string, Subscription>();
  readonly #parts: FeedParts;
  readonly #who: () => Who;
  readonly #link: FeedLink;
  readonly #attendance: Pick<Attendance, 'entered' | 'left' | 'signal'>;
  readonly #standings: Standings;
  readonly #pull: Pull;

  constructor(parts: FeedParts, who: () => Who, link: FeedLink, attendance: Pick<Attendance, 'entered' | 'left' | 'signal'>) {
    this.#parts = parts;
    this.#who = who;
    this.#link = link;
    this.#attendance = attendance;
    this.#standings = new Standings(parts.env, (subscription, state) => this.#tell(subscription, state, false));
    this.#pull = new Pull(parts, {
      live: (subscription) => this.#set(subscription, 'live'),
      held: (subscription) => this.#standings.changed(subscription),
      concern: (subscription, offset) => this.concern(subscription, offset),
      trimmed: (subscription) => this.#trimmed(subscription),
      behind: (subscription) => this.#behind(subscription),
      ready: () => link.ready(),
    });
  }

  /**
   * Asks whether the channel may be read, joins it and finds the place to begin; nothing flows before `begin`. A subscription of the
   * same channel ends. Throws Refusal: `forbidden`, `unavailable`, `conflict` (ended while it opened).
   */
  async open(name: string, position: Position | undefined, maxGap: number | undefined): Promise<Opened> {
    this.close(name);
    const { hub, history } = this.#parts;
    const channel = hub.channel(name);
    const subscription = new Subscription(channel, this.#who().user, this);
    this.subscriptions.set(name, subscription);
    hub.add(subscription);
    try {
      const verdict = await this.#mayRead(subscription);
      if (verdict !== 'ok') throw new Refusal(verdict, 'there is no such channel, or it is not yours to read');
      subscription.state = subscription.state === 'gone' ? 'gone' : 'opening';
      const standing = await hub.join(channel);
      if (subscription.state === 'gone') throw new Refusal('conflict', 'unsubscribed meanwhile');
      const start = startAt(position, maxGap, standing, history.epoch);
      // A history that began while it opened: the start is of that one, and a position that is too need not be reset.
      subscription.reset = undefined;
      subscription.cursor = start.cursor;
      const live = start.cursor === standing.head;
      subscription.told = live ? 'live' : 'behind';
      const at = formatPosition({ offset: start.cursor, epoch: history.epoch });
      return { subscription, start, result: { position: at, head: standing.head, n: standing.n, first: standing.first, live } };
    } catch (error) {
      this.#end(subscription);
      throw error instanceof Refusal ? error : new Refusal('unavailable', 'the channel cannot be read at the moment', 500);
    }
  }

  /** Lets an opened subscription flow; its reply has been written. */
  begin({ subscription, start }: Opened): void {
    if (subscription.state !== 'opening') return;
    if (start.reset) this.#reset(subscription, start.reset);
    else if (start.trimmed) this.#trimmed(subscription);
    if (subscription.askAgain) {
      subscription.state = 'asking';
      void this.#ask(subscription);
      return;
    }
    this.#behind(subscription);
  }

  close(name: string): void {
    const subscription = this.subscriptions.get(name);
    if (subscription) this.#end(subscription);
  }

  closeAll(): void {
    for (const subscription of [...this.subscriptions.values()]) this.#end(subscription);
    this.#standings.close();
  }

  offer(subscription: Subscription, frame: Frame, start: number, end: number, now: boolean): boolean {
    if (subscription.cursor === start && this.#link.offer(frame, now)) {
      subscription.cursor = end;
      return true;
    }
    if (subscription.cursor < end) this.#behind(subscription);
    return false;
  }

  due(subscription: Subscription): void {
    if (subscription.state === 'live') this.#behind(subscription);
  }

  concern(subscription: Subscription, offset?: number): void {
    if (subscription.state === 'gone' || (offset !== undefined && offset <= subscription.asOf)) return;
    this.#parts.env.count('concern_asked');
    if (subscription.state === 'asking' || subscription.state === 'opening') {
      subscription.askAgain = true;
      return;
    }
    this.#set(subscription, 'asking');
    void this.#ask(subscription);
  }

  /** The history is another one: all that the subscription holds is void. */
  renewed(subscription: Subscription): void {
    if (subscription.state === 'gone') return;
    subscription.reset = 'new_epoch';
    this.concern(subscription);
  }

  get outlet(): Outlet {
    return this.#link;
  }

  signal(frame: Frame, from: string): SignalOutcome {
    return this.#attendance.signal(frame, from);
  }

  /** Whether something may be there to take. */
  get waiting(): boolean {
    return this.#pull.waiting;
  }

  /** See `Pull.take`. */
  take(maxBytes: number): readonly Frame[] {
    return this.#pull.take(maxBytes);
  }

  async #ask(subscription: Subscription): Promise<void> {
    for (let pause = firstPause; ; pause = Math.min(longestPause, pause * 2)) {
      try {
        const verdict = await this.#mayRead(subscription);
        if (subscription.state === 'gone') return;
        if (verdict !== 'ok') {
          this.#parts.env.count('concern_refused');
          this.#end(subscription, true);
          this.#link.state({ push: 'state', channel: subscription.channel.name, state: 'gone', reason: verdict }, true);
          return;
        }
        if (subscription.reset) {
          subscription.cursor = newestPage(await this.#parts.hub.join(subscription.channel));
          if (this.#isGone(subscription)) return;
          this.#reset(subscription, subscription.reset);
        }
        if (subscription.askAgain) continue;
        this.#behind(subscription);
        return;
      } catch {
        await new Promise<void>((resolve) => this.#parts.env.timer(pause, resolve));
        if (this.#isGone(subscription)) return;
      }
    }
  }

  /** The authority's answer, from after all that concerned the user before it came. Throws when there is none. */
  async #mayRead(subscription: Subscription) {
    for (;;) {
      subscription.askAgain = false;
      subscription.asOf = subscription.channel.known;
      const verdict = await this.#parts.rights.mayRead(this.#who(), subscription.channel.name);
      if (!subscription.askAgain || subscription.state === 'gone') return verdict;
    }
  }

  /** Behind the await the state may have become any other; this keeps the compiler from knowing better. */
  #isGone(subscription: Subscription): boolean {
    return subscription.state === 'gone';
  }

  #behind(subscription: Subscription): void {
    this.#set(subscription, 'behind');
    this.#attendance.entered(subscription);
    this.#pull.add(subscription);
    this.#link.ready();
  }

  #set(subscription: Subscription, state: Subscription['state']): void {
    subscription.state = state;
    this.#standings.changed(subscription);
  }

  #end(subscription: Subscription, refused = false): void {
    subscription.state = 'gone';
    this.#attendance.left(subscription, refused);
    this.#pull.remove(subscription);
    this.#standings.forget(subscription);
    this.#parts.hub.remove(subscription);
    const { name } = subscription.channel;
    if (this.subscriptions.get(name) === subscription) this.subscriptions.delete(name);
  }

  #reset(subscription: Subscription, reason: NonNullable<Start['reset']>): void {
    subscription.reset = undefined;
    // Whoever begins anew believes himself behind.
    subscription.told = 'behind';
    this.#parts.env.count('reset');
    const position = formatPosition({ offset: subscription.cursor, epoch: this.#parts.history.epoch });
    this.#link.state(
      { push: 'state', channel: subscription.channel.name, state: 'reset', reason, position, head: subscription.channel.known },
      true,
    );
  }

  #trimmed(subscription: Subscription): void {
    subscription.told = 'behind';
    this.#parts.env.count('trimmed');
    const position = formatPosition({ offset: subscription.cursor, epoch: this.#parts.history.epoch });
    this.#link.state(
      { push: 'state', channel: subscription.channel.name, state: 'trimmed', position, head: subscription.channel.known },
      true,
    );
  }

  #tell(subscription: Subscription, state: 'live' | 'behind', always: boolean): boolean {
    const { channel } = subscription;
    return this.#link.state({ push: 'state', channel: channel.name, state, ...(state === 'behind' && { head: channel.known }) }, always);
  }
}

export interface Opened {
  readonly subscription: Subscription;
  readonly start: Start;
  readonly result: Subscribed;
}
