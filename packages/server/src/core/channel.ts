import type { Env } from '@hubbub/protocol/env';
import type { Entry, Header } from '@hubbub/protocol/event';
import type { Standing } from '../store/store.ts';
import type { Landing } from './flight.ts';
import type { Mechanism } from './mechanisms.ts';
import { type Encoded, encode, Tail, type TailBudget } from './tail.ts';
import type { Frame } from './transport.ts';

const maxBeyondEvents = 256;
const maxBeyondBytes = 256 * 1_024;

/** What listeners of one client have in common: the link they write to. */
export interface Outlet {
  /** Lets go at once what has been written in this turn. */
  flush(): void;
}

/** What became of a signal: it was not for this listener if it is his own, or nothing of that kind comes over his link. */
export type SignalOutcome = 'given' | 'no_room' | 'asked_about' | 'not_for_it';

/** Who listens to a channel: a subscription, as its channel sees it. */
export interface Listener {
  readonly user: string;
  readonly outlet: Outlet;
  /** It stands at the head, and is given each frame. */
  readonly live: boolean;
  /**
   * A frame of the events after `start` up to `end`: it is for whoever is live at its start. `now`: nothing else goes to his link, it
   * leaves at once. Says whether it was written.
   */
  offer(frame: Frame, start: number, end: number, now: boolean): boolean;
  /** `sent` has risen without a frame. */
  due(): void;
  /** The event at `offset` concerns its user. */
  concern(offset: number): void;
  /** A signal of the session `from`: written now, or never. */
  signal(frame: Frame, from: string): SignalOutcome;
}

/** What a channel tells its surroundings. */
export interface ChannelEvents {
  /** The head has moved: there is something to send. */
  advanced(channel: Channel): void;
  /** Something is known of, but not held. */
  missing(channel: Channel): void;
  /** A header that has just been learned of concerns somebody. */
  concerned(channel: string, header: Header): void;
}

/**
 * What a node holds of one channel: how far the log is known to go, the part of it without a hole, and who listens.
 *
 * `rung` ≤ `known`: the highest offset that bells have named, and that anything has. `head`: the highest held without a hole.
 * `sent`: the end of what the live have been given; live subscriptions stand exactly there.
 */
export class Channel {
  readonly name: string;
  readonly listeners = new Set<Listener>();
  readonly tail: Tail;
  rung = 0;
  known = 0;
  head = 0;
  sent = 0;
  /** Since when it has been listened to, by offset: what the look found below was never to be rung here. */
  openedAt = 0;
  open = false;
  readonly #env: Env<Mechanism>;
  readonly #events: ChannelEvents;
  /** Parcels from beyond a hole, by offset. */
  readonly #beyond = new Map<number, Encoded>();
  #beyondBytes = 0;

  constructor(name: string, env: Env<Mechanism>, budget: TailBudget, events: ChannelEvents) {
    this.name = name;
    this.#env = env;
    this.#events = events;
    this.tail = new Tail(budget);
  }

  get beyond(): number {
    return this.#beyond.size;
  }

  /** The head as the store has just told it, for a channel that held nothing. What rang meanwhile is beyond it, or known already. */
  begin(standing: Standing): void {
    this.head = standing.head;
    this.sent = standing.head;
    this.openedAt = standing.head;
    this.rung = Math.max(this.rung, standing.head);
    this.open = true;
    for (const offset of this.#beyond.keys()) if (offset <= this.head) this.#forget(offset);
    this.learn(standing.head);
    this.#settle();
  }

  /** Drops all that belongs to a history that has ended. */
  end(): void {
    this.open = false;
    this.rung = this.known = this.head = this.sent = 0;
    this.tail.clear();
    this.#beyond.clear();
    this.#beyondBytes = 0;
  }

  /** A bell at `head`, perhaps with its parcel: from another node, or from an append of our own. */
  ring(head: number, entries: readonly Entry[]): void {
    this.rung = Math.max(this.rung, head);
    if (this.open && head <= this.head) {
      this.#env.count('bell_old');
      return;
    }
    this.#accept(entries.map(encode));
    this.learn(head);
    if (this.open) this.#settle();
  }

  /** Something else than a bell has named `head`: the look, or a read. */
  learn(head: number): void {
    if (head > this.known) this.known = head;
  }

  /** A flight has landed: what continues the head is taken, as if it had been rung. */
  landed(landing: Landing): void {
    if (!this.open) return;
    this.learn(landing.head);
    if (landing.first > this.head + 1) {
      // What is missing has been trimmed: no flight will ever bring it. Readers find out at their next read, which is now.
      this.head = landing.first - 1;
      this.tail.clear();
      for (const offset of this.#beyond.keys()) if (offset <= this.head) this.#forget(offset);
    }
    this.#accept(landing.events);
    this.#remember(landing);
    this.#settle();
  }

  /** What reaches up to the tail is what the next ones want who come back: after a restart that is everybody. */
  #remember({ events, head }: Landing): void {
    const last = events.at(-1)?.entry.header.offset;
    // Read before something that has been taken since: what that has emptied would be there again.
    if (last === undefined || head < this.head) return;
    const joins = this.tail.first === undefined ? last >= this.head : last >= this.tail.first - 1;
    if (joins && this.tail.extend(events.filter(({ entry }) => entry.header.offset <= this.head)) > 0) this.#env.count('tail_extended');
  }

  /** Asks for what is known and not held. */
  check(): void {
    if (this.open && this.head < this.known) this.#events.missing(this);
  }

  #accept(events: readonly Encoded[]): void {
    for (const event of events) {
      const { header } = event.entry;
      if (this.open && header.offset <= this.head) continue;
      if (header.concerns) {
        // Whoever it concerns is asked about anew, knowing of this event, before anything is sent.
        this.learn(header.offset);
        this.#events.concerned(this.name, header);
      }
      if (this.open && header.offset === this.head + 1) this.#take(event);
      else this.#keep(event);
    }
  }

  #take(event: Encoded): void {
    const { header } = event.entry;
    this.head = header.offset;
    // It may have been kept and then read: a flight brings what lies beyond the hole as well.
    this.#forget(header.offset);
    this.tail.push(event);
    for (const offset of header.empties ?? []) this.#empty(offset, header.offset);
  }

  /** Takes what now continues the head from beyond the hole, and tells what has come of it. */
  #settle(): void {
    for (let next = this.#beyond.get(this.head + 1); next; next = this.#beyond.get(this.head + 1)) {
      this.#take(next);
    }
    this.learn(this.head);
    if (this.head > this.sent) this.#events.advanced(this);
    this.check();
  }

  #keep(event: Encoded): void {
    const { offset } = event.entry.header;
    // Whoever comes first reads the head: until then nobody waits for it.
    if (!this.open && this.listeners.size === 0) return;
    if (this.#beyond.has(offset) || this.#beyond.size >= maxBeyondEvents || this.#beyondBytes + event.bytes > maxBeyondBytes) return;
    this.#beyond.set(offset, event);
    this.#beyondBytes += event.bytes;
  }

  #forget(offset: number): void {
    const event = this.#beyond.get(offset);
    if (!event) return;
    this.#beyond.delete(offset);
    this.#beyondBytes -= event.bytes;
  }

  #empty(offset: number, by: number): void {
    this.#env.count('emptied');
    this.tail.empty(offset, by);
  }
}
