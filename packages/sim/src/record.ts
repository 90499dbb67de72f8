import type { Event } from '@hubbub/client/client';
import type { Item, Outcome } from '@hubbub/server/store/store';

/** A commit, as the database did it. */
export interface Commit {
  readonly epoch: string;
  readonly channel: string;
  readonly offset: number;
  readonly id: string;
  readonly from: string;
  readonly kind: string;
  readonly body: string;
  readonly at: number;
  /** When the node asked for it; undefined: no node did. */
  readonly setOut: number | undefined;
}

/** One subscription's life as its user saw it: what he holds now, and how it came. */
export interface Reader {
  readonly user: string;
  readonly channel: string;
  /** Applied since the last reset, in order. */
  applied: Applied[];
  readonly resets: { readonly reason: string; readonly at: number }[];
  /** Closed by its user, or with its client. */
  closed: boolean;
  /** Where it was asked to begin. */
  readonly from: string | undefined;
}

export interface Applied {
  readonly event: Event;
  readonly at: number;
  readonly live: boolean;
}

/** One event on its way from a user. */
export interface Sending {
  readonly user: string;
  readonly session: string;
  readonly channel: string;
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  /** Meant to be refused, or the same as another one: order is not asked of it. */
  readonly odd: boolean;
  ack?: { readonly offset: number; readonly epoch: string; readonly at: number };
  refused?: string;
}

/** Something written to a client by a node, of one channel. */
export interface Written {
  readonly user: string;
  readonly channel: string;
  readonly epoch: string;
  readonly offset: number;
  readonly id: string;
  /** The event's bytes, and whether its body had gone by then. */
  readonly text: string;
  readonly emptied: boolean;
  /** What the link had been opened with, or shown since. */
  readonly token?: string | undefined;
  readonly at: number;
}

/** An event that has reached a node, in a `send`; whatever became of it. */
export interface Taken {
  readonly user: string;
  readonly channel: string;
  readonly id: string;
  /** See `Written`; by then. */
  readonly token?: string | undefined;
  readonly at: number;
}

/** A page of history that somebody asked for, as it arrived. */
export interface PageRead {
  readonly user: string;
  readonly channel: string;
  readonly epoch: string;
  readonly events: readonly Event[];
  readonly at: number;
}

/** The same as it left the node, by its first event: which channel that is of, the commits tell. */
export interface PageWritten {
  readonly user: string;
  readonly offset: number;
  readonly id: string;
  /** See `Written`. */
  readonly token?: string | undefined;
  readonly at: number;
}

/** A channel's standing, told to somebody's inbox by a node. */
export interface InboxWritten {
  readonly user: string;
  readonly channel: string;
  /** What the inbox had of it before; undefined: nothing. */
  readonly after: number | undefined;
  /** Since when the inbox had been told all. */
  readonly knownSince: number;
  readonly at: number;
}

/** What passes, written to a client by a node. */
export interface Passed {
  readonly what: 'signal' | 'presence';
  readonly user: string;
  readonly channel: string;
  readonly at: number;
}

/** Somebody said to have left, by a node that heard nothing of the others. */
export interface LeftUnheard {
  readonly user: string;
  readonly channel: string;
  readonly node: string;
  readonly unheardSince: number;
  /** When it was last seen to hold: what it had heard before may be told behind that. */
  readonly heldAt: number;
  readonly at: number;
}

/** A link of somebody's to a node. */
export interface Visit {
  readonly user: string;
  readonly node: string;
  readonly from: number;
  to: number;
}

/** A signal as somebody's client heard it. Its sender has numbered it. */
export interface Heard {
  readonly user: string;
  readonly session: number;
  /** Over which of its links, in turn. */
  readonly opening: number;
  readonly from: string;
  readonly fromSession: number;
  readonly number: number;
  readonly channel: string;
}

/** All that happened, for the checker. Nothing here decides anything. */
export class Record {
  readonly commits: Commit[] = [];
  readonly sendings: Sending[] = [];
  readonly readers: Reader[] = [];
  readonly written: Written[] = [];
  readonly taken: Taken[] = [];
  readonly pages: PageRead[] = [];
  readonly pagesWritten: PageWritten[] = [];
  readonly inboxWritten: InboxWritten[] = [];
  readonly passed: Passed[] = [];
  readonly heard: Heard[] = [];
  readonly leftUnheard: LeftUnheard[] = [];
  readonly visits: Visit[] = [];
  /** Where channels began after each trim. */
  readonly trims: { readonly channel: string; readonly first: number }[] = [];
  /** Ids that were sent in commands which are none of this version. */
  readonly unasked = new Set<string>();
  /** What a rollback took: events of that epoch above these heads. */
  readonly cuts: { readonly epoch: string; readonly heads: ReadonlyMap<string, number>; readonly at: number }[] = [];
  readonly violations: string[] = [];
  /** How long the slowest clock may take for a second, in milliseconds. */
  second = 1_000;
  /** Set by the checker: acknowledged, and cut off by a rollback. */
  cutOff = 0;

  violate(promise: string, what: string): void {
    if (this.violations.length < 20) this.violations.push(`${promise}: ${what}`);
  }

  /**
   * When the first rollback was. It takes revocations back too: what was written behind it cannot be told right from wrong by what was
   * committed before.
   */
  get rightsUntil(): number {
    return Math.min(...this.cuts.map(({ at }) => at));
  }

  /** The channel's head in that history at that time. */
  headAt(channel: string, epoch: string, at: number): number {
    let head = 0;
    for (const commit of this.commits) {
      if (commit.at > at) break;
      if (commit.channel === channel && commit.epoch === epoch) head = commit.offset;
    }
    return head;
  }

  committed(items: readonly Item[], outcomes: readonly Outcome[], epoch: string, at: number, setOut?: number): void {
    items.forEach(({ channel, id, from, kind, body }, index) => {
      const outcome = outcomes[index];
      if (outcome?.status === 'committed') this.commits.push({ epoch, channel, offset: outcome.offset, id, from, kind, body, at, setOut });
    });
  }
}
