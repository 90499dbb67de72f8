import type { Who } from './identity.ts';
import type { Belongings, Inbox } from './inbox.ts';

/** Where a channel stands, for all who have it in their inbox. */
export class Place {
  head = 0;
  n = 0;
  readonly owners = new Set<Owner>();

  /** Takes a standing; an older one changes nothing. Says whether it was news. */
  learn(head: number, n: number): boolean {
    if (head <= this.head) return false;
    this.head = head;
    this.n = n;
    return true;
  }
}

/** Somebody with inboxes on this node: which channels are his. */
export class Owner implements Belongings {
  readonly channels = new Set<string>();
  readonly inboxes = new Set<Inbox>();
  who: Who;
  known = false;
  /** Rises whenever what is his is to be read anew: a reading that began before is too old. */
  version = 0;
  /** The first reading, for those who wait for it. */
  opening: Promise<void> | undefined;
  /** Channels to ask about, each with the number of its newest doubt. */
  readonly doubts = new Map<string, number>();
  readonly #places: Places;
  #doubted = 0;

  constructor(who: Who, places: Places) {
    this.who = who;
    this.#places = places;
  }

  doubt(channel: string): void {
    this.#doubted += 1;
    this.doubts.set(channel, this.#doubted);
  }

  isDoubted(channel: string): boolean {
    return this.doubts.has(channel);
  }

  standing(channel: string): { head: number; n: number } {
    const { head = 0, n = 0 } = this.#places.get(channel) ?? {};
    return { head, n };
  }

  add(channel: string): void {
    this.channels.add(channel);
    this.#places.at(channel).owners.add(this);
  }

  drop(channel: string): void {
    this.channels.delete(channel);
    this.#places.leave(channel, this);
  }

  pump(): void {
    for (const inbox of this.inboxes) inbox.pump();
  }

  end(): void {
    for (const channel of [...this.channels]) this.drop(channel);
  }
}

/** The channels that are in somebody's inbox. */
export class Places {
  readonly #places = new Map<string, Place>();

  get size(): number {
    return this.#places.size;
  }

  get(channel: string): Place | undefined {
    return this.#places.get(channel);
  }

  at(channel: string): Place {
    let place = this.#places.get(channel);
    if (!place) {
      place = new Place();
      this.#places.set(channel, place);
    }
    return place;
  }

  leave(channel: string, owner: Owner): void {
    const place = this.#places.get(channel);
    place?.owners.delete(owner);
    if (place?.owners.size === 0) this.#places.delete(channel);
  }

  /** The history is another one: what was known of it is void. */
  forget(): void {
    for (const place of this.#places.values()) place.head = place.n = 0;
  }
}
