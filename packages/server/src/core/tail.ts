import { byteLength } from '@hubbub/protocol/body';
import { type Entry, eventText } from '@hubbub/protocol/event';

/** An event with its text, made once. `bytes` is what it costs in memory and, about, on the wire. */
export interface Encoded {
  readonly entry: Entry;
  readonly text: string;
  readonly bytes: number;
}

export function encode(entry: Entry): Encoded {
  const text = eventText(entry);
  return { entry, text, bytes: byteLength(text) };
}

const maxEvents = 1_024;
const maxBytes = 256 * 1_024;

/** What the tails of all channels of a node may hold together; the least read goes first. */
export class TailBudget {
  readonly #limit: number;
  readonly #tails = new Set<Tail>();
  #bytes = 0;

  constructor(limit: number = 64 * 1_024 * 1_024) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** `tail` has been read or has grown by `bytes`: it is now the last to go. */
  touch(tail: Tail, bytes: number): void {
    this.#bytes += bytes;
    this.#tails.delete(tail);
    if (tail.bytes > 0) this.#tails.add(tail);
    if (bytes <= 0) return;
    for (const least of this.#tails) {
      if (this.#bytes <= this.#limit) return;
      least.clear();
    }
  }
}

/** A channel's last events in memory, without a hole, the newest at its end. */
export class Tail {
  readonly #budget: TailBudget;
  #events: Encoded[] = [];
  #bytes = 0;

  constructor(budget: TailBudget) {
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#events.length;
  }

  /** Adds the event after the newest. */
  push(event: Encoded): void {
    this.#events.push(event);
    this.#grow(event.bytes);
    while (this.#events.length > maxEvents || this.#bytes > maxBytes) {
      const oldest = this.#events.shift();
      if (oldest) this.#grow(-oldest.bytes);
    }
  }

  /**
   * Takes on older events, consecutive and oldest first, the last of which is followed by what it holds, or is the head of a channel of which it
   * holds nothing. Those that find no room are left out, the oldest first. Returns how many it has taken.
   */
  extend(events: readonly Encoded[]): number {
    const first = this.#events[0]?.entry.header.offset ?? Number.POSITIVE_INFINITY;
    const older: Encoded[] = [];
    let bytes = this.#bytes;
    for (const event of events.toReversed()) {
      if (event.entry.header.offset >= first) continue;
      bytes += event.bytes;
      if (this.#events.length + older.length >= maxEvents || bytes > maxBytes) break;
      older.push(event);
    }
    if (older.length === 0) return 0;
    this.#events = [...older.toReversed(), ...this.#events];
    this.#grow(older.reduce((sum, event) => sum + event.bytes, 0));
    return older.length;
  }

  /** The offset of the oldest; undefined: it holds nothing. */
  get first(): number | undefined {
    return this.#events[0]?.entry.header.offset;
  }

  /** Events after `cursor`, oldest first, or undefined where the tail does not reach back that far. */
  after(cursor: number): readonly Encoded[] | undefined {
    const first = this.#events[0];
    if (!first || cursor < first.entry.header.offset - 1) return undefined;
    this.#budget.touch(this, 0);
    return this.#events.slice(cursor - first.entry.header.offset + 1);
  }

  /** Drops the body of an event that another one has emptied. */
  empty(offset: number, by: number): void {
    const first = this.#events[0];
    if (!first) return;
    const at = offset - first.entry.header.offset;
    const old = this.#events[at];
    if (!old || old.entry.body === null) return;
    const emptied = encode({ header: old.entry.header, body: null, emptied: by });
    this.#events[at] = emptied;
    this.#grow(emptied.bytes - old.bytes);
  }

  clear(): void {
    const bytes = this.#bytes;
    this.#events = [];
    this.#bytes = 0;
    this.#budget.touch(this, -bytes);
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.touch(this, bytes);
  }
}
