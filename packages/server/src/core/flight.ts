import type { Env } from '@hubbub/protocol/env';
import type { Page } from '../store/store.ts';
import type { History } from './history.ts';
import type { Mechanism } from './mechanisms.ts';
import { type Encoded, encode } from './tail.ts';

/** Offsets 128 k + 1 … 128 k + 128 are a block: readers at different places of it share one read. */
export const blockSize = 128;

export function blockOf(offset: number): number {
  return Math.floor((offset - 1) / blockSize);
}

/** What one read of a block brought. `first` and `head` are the channel's at that instant. */
export interface Landing {
  readonly events: readonly Encoded[];
  readonly first: number;
  readonly head: number;
}

interface Flight {
  readonly channel: string;
  readonly block: number;
  /** The highest offset of the block that anyone knew of when the flight began: it brings all up to there. */
  knew: number;
  readonly landing: Promise<Landing>;
  readonly land: (landing: Landing) => void;
  readonly fail: (error: unknown) => void;
}

const maxInAir = 4;

/**
 * Reads from the store, single flight by (channel, block). At most four are in the air per node, channels in turn, so that a channel
 * with a long past delays nobody's present. Nothing survives its flight but what the tail takes.
 */
export class Flights {
  readonly #env: Env<Mechanism>;
  readonly #history: History;
  readonly #onLanded: (channel: string, landing: Landing) => void;
  /** In the air, by channel and block. */
  readonly #flying = new Map<string, Flight>();
  /** Waiting for their turn, per channel by block; the map's order is the channels' turn. */
  readonly #waiting = new Map<string, Map<number, Flight>>();
  #inAir = 0;

  /** `onLanded` is called before anybody who waits for the flight. */
  constructor(env: Env<Mechanism>, history: History, onLanded: (channel: string, landing: Landing) => void) {
    this.#env = env;
    this.#history = history;
    this.#onLanded = onLanded;
  }

  /** Flights in the air and waiting. */
  get size(): number {
    let waiting = 0;
    for (const blocks of this.#waiting.values()) waiting += blocks.size;
    return this.#inAir + waiting;
  }

  /** The block that holds `offset`, as of a moment not before this call for all offsets up to `known`. Throws StoreError. */
  read(channel: string, offset: number, known: number): Promise<Landing> {
    const block = blockOf(offset);
    const need = Math.min(known, (block + 1) * blockSize);
    const flying = this.#flying.get(`${channel} ${block}`);
    if (flying) {
      if (flying.knew >= need) {
        this.#env.count('flight_shared');
        return flying.landing;
      }
      this.#env.count('flight_too_early');
    }
    let blocks = this.#waiting.get(channel);
    if (!blocks) {
      blocks = new Map();
      this.#waiting.set(channel, blocks);
    }
    let flight = blocks.get(block);
    if (flight) {
      flight.knew = Math.max(flight.knew, need);
      this.#env.count('flight_shared');
    } else {
      const { promise, resolve, reject } = Promise.withResolvers<Landing>();
      flight = { channel, block, knew: need, landing: promise, land: resolve, fail: reject };
      blocks.set(block, flight);
    }
    this.#launch();
    return flight.landing;
  }

  #launch(): void {
    while (this.#inAir < maxInAir) {
      const next = this.#next();
      if (!next) return;
      void this.#fly(next);
    }
  }

  /** The next flight whose block is not in the air already; its channel goes to the end of the line. */
  #next(): Flight | undefined {
    for (const [channel, blocks] of this.#waiting) {
      for (const [block, flight] of blocks) {
        if (this.#flying.has(`${channel} ${block}`)) continue;
        blocks.delete(block);
        this.#waiting.delete(channel);
        if (blocks.size > 0) this.#waiting.set(channel, blocks);
        return flight;
      }
    }
    return undefined;
  }

  async #fly(flight: Flight): Promise<void> {
    const { channel, block } = flight;
    const key = `${channel} ${block}`;
    this.#flying.set(key, flight);
    this.#inAir += 1;
    try {
      const page = await this.#history.ask((store) => store.read(channel, { after: block * blockSize }, blockSize));
      const landing = toLanding(page, (block + 1) * blockSize);
      this.#onLanded(channel, landing);
      flight.land(landing);
    } catch (error) {
      flight.fail(error);
    } finally {
      this.#flying.delete(key);
      this.#inAir -= 1;
      this.#launch();
    }
  }
}

/** A trimmed channel answers from its first kept event on, which may lie beyond the block. */
function toLanding(page: Page, last: number): Landing {
  const events: Encoded[] = [];
  for (const entry of page.entries) if (entry.header.offset <= last) events.push(encode(entry));
  return { events, first: page.first, head: page.head };
}
