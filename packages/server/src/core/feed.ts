import { Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { StatePush, Subscribed } from '@hubbub/protocol/frames';
import { formatPosition, type Position } from '@hubbub/protocol/position';
import type { Flights, Landing } from './flight.ts';
import type { History } from './history.ts';
import type { Hub } from './hub.ts';
import type { Who } from './identity.ts';
import type { Mechanism } from './mechanisms.ts';
import { cut, eventsFrame } from './page.ts';
import type { Rights } from './rights.ts';
import { Standings } from './standings.ts';
import { newestPage, type Start, startAt } from './start.ts';
import { type FeedOfSubscription, Subscription } from './subscription.ts';
import type { Encoded } from './tail.ts';
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
export interface FeedLink {
  /** Writes a `state` push, unless the link is full; says whether it did. */
  state(push: StatePush, always: boolean): boolean;
  /** Writes a frame if the link has room and may be written to; says whether it did. */
  offer(frame: Frame): boolean;
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
  readonly #standings: Standings;
  /** Behind, in the order of their turns. */
  readonly #due = new Set<Subscription>();
  /** One read of the store at a time; what has landed is taken at once or dropped. */
  #fetching: Subscription | undefined;
  #landed: { readonly subscription: Subscription; readonly landing: Landing } | undefined;

  constructor(parts: FeedParts, who: () => Who, link: FeedLink) {
    this.#parts = parts;
    this.#who = who;
    this.#link = link;
    this.#standings = new Standings(parts.env, (subscription, state) => this.#tell(subscription, state, false));
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

  offer(subscription: Subscription, frame: Frame, start: number, end: number): void {
    if (subscription.cursor === start && this.#link.offer(frame)) {
      subscription.cursor = end;
      this.#parts.env.count('shared_frame');
    } else if (subscription.cursor < end) this.#behind(subscription);
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
      for (const subscription of this.#due) this.#standings.changed(subscription);
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
        this.#set(subscription, 'live');
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
    if (concerns(last, user)) this.concern(subscription, subscription.cursor);
    return frame.bytes;
  }

  #takeLanding(subscription: Subscription, landing: Landing, maxBytes: number, frames: Frame[]): number {
    if (landing.first > subscription.cursor + 1) {
      subscription.cursor = landing.first - 1;
      this.#trimmed(subscription);
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
        this.#link.ready();
        this.#landed = undefined;
      },
      () => {
        this.#fetching = undefined;
        subscription.failures += 1;
        this.#pause(subscription);
        this.#link.ready();
      },
    );
  }

  /** A read that brought nothing is tried again, ever later. */
  #pause(subscription: Subscription): void {
    this.#due.delete(subscription);
    this.#parts.env.timer(Math.min(longestPause, firstPause * 2 ** (subscription.failures - 1)), () => {
      if (subscription.state === 'behind') this.#behind(subscription);
    });
  }

  async #ask(subscription: Subscription): Promise<void> {
    for (let pause = firstPause; ; pause = Math.min(longestPause, pause * 2)) {
      try {
        const verdict = await this.#mayRead(subscription);
        if (subscription.state === 'gone') return;
        if (verdict !== 'ok') {
          this.#parts.env.count('concern_refused');
          this.#end(subscription);
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
    this.#due.add(subscription);
    this.#link.ready();
  }

  #set(subscription: Subscription, state: Subscription['state']): void {
    subscription.state = state;
    this.#standings.changed(subscription);
  }

  #end(subscription: Subscription): void {
    subscription.state = 'gone';
    this.#due.delete(subscription);
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

function concerns(event: Encoded, user: string): boolean {
  const named = event.entry.header.concerns;
  return named !== undefined && (named.includes(user) || named.includes('*'));
}

/** Events after `cursor`, of a list that may begin before it. */
function following(events: readonly Encoded[], cursor: number): readonly Encoded[] {
  const at = events.findIndex((event) => event.entry.header.offset > cursor);
  return at < 0 ? [] : events.slice(at);
}
