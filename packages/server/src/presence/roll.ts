import { limits } from '@hubbub/protocol/limits';
import { List, type ListChanged } from './list.ts';
import { encodePart, Parts } from './parts.ts';

/** A session that this node has in a channel, over so many links; without one it is away, and may be back soon. */
export interface Own {
  readonly roll: Roll;
  readonly key: string;
  links: number;
}

/** All that a node knows of one channel: whom it has itself, and what the others have told. */
export class Roll {
  readonly channel: string;
  readonly list: List;
  readonly parts: Parts;
  readonly own = new Map<string, Own>();
  /** By how many here it is watched. */
  watchers = 0;
  /** When its part was published last. */
  publishedAt = Number.NEGATIVE_INFINITY;
  /** With the next part the others are asked for theirs. */
  ask = true;
  readonly #most: number;
  #counter = 0;
  /** Other than what was published. A new one is: an older one of this channel may still be believed. */
  #changed = true;

  constructor(channel: string, most: number, changed: ListChanged) {
    this.channel = channel;
    this.#most = most;
    this.list = new List(most, (crowd, who) => {
      if (this.watchers > 0) changed(crowd, who);
    });
    this.parts = new Parts(this.list);
  }

  /** Nobody here has to do with it. */
  get idle(): boolean {
    return this.own.size === 0 && this.watchers === 0;
  }

  add(own: Own): void {
    this.own.set(own.key, own);
    this.list.hold(own.key);
    this.#changed = true;
  }

  remove(own: Own): void {
    this.own.delete(own.key);
    this.list.release(own.key);
    this.#changed = true;
  }

  /** Its part as it is now, as notes of at most so many bytes. `next`: gives the number of a new one. */
  notes(most: number, next: () => number): readonly string[] {
    if (this.#changed) this.#counter = next();
    this.#changed = false;
    const named = this.own.keys().take(this.own.size > this.#most ? limits.presencePage : this.own.size);
    return encodePart(this.#counter, this.own.size, [...named], this.ask, most);
  }
}
