import type { Channel, Listener, Outlet } from './channel.ts';
import type { Frame } from './transport.ts';

/** A frame on its way to everybody who stands at its start. */
export interface Outgoing {
  readonly frame: Frame;
  readonly start: number;
  readonly end: number;
}

/** What one channel sends, and to how many when it began. */
export interface Batch {
  readonly channel: Channel;
  readonly frames: readonly Outgoing[];
  readonly readers: number;
}

/** A listener, and what he is to be offered. */
interface Share {
  readonly listener: Listener;
  readonly frames: readonly Outgoing[];
}

/** A channel with no more readers is written together with others of its size. */
const joinable = 1_024;
/** So many shares are put in order at once: a millisecond or so. */
const mostShares = 4_096;

/** One walk over links: what the channels of `batches` send, link by link, so that a link gets all of it in one write. */
export class Errand {
  readonly batches: readonly Batch[];
  /** Milliseconds of work so far. */
  took = 0;
  readonly #links: Iterator<readonly Share[]>;

  constructor(batches: readonly Batch[]) {
    this.batches = batches;
    const [only] = batches;
    this.#links = only && batches.length === 1 ? alone(only) : together(batches);
  }

  /** The next link's shares; none: it is through. */
  next(): readonly Share[] | undefined {
    const { value, done } = this.#links.next();
    return done ? undefined : value;
  }

  /** What `batch` has cost of it, in milliseconds. */
  costOf({ readers }: Batch): number {
    const all = this.batches.reduce((sum, batch) => sum + batch.readers, 0);
    return (this.took * readers) / Math.max(1, all);
  }
}

/** The errands of a turn: small channels together, as many as can be put in order at once; a large one alone, or it would make the small ones wait. */
export function errandsOf(batches: readonly Batch[]): readonly Errand[] {
  const errands: Errand[] = [];
  let joined: Batch[] = [];
  let shares = 0;
  for (const batch of batches) {
    if (batch.readers > joinable) {
      errands.push(new Errand([batch]));
      continue;
    }
    if (shares + batch.readers > mostShares) {
      errands.push(new Errand(joined));
      joined = [];
      shares = 0;
    }
    joined.push(batch);
    shares += batch.readers;
  }
  if (joined.length > 0) errands.push(new Errand(joined));
  return errands;
}

function* alone({ channel, frames }: Batch): Iterator<readonly Share[]> {
  for (const listener of channel.listeners) yield [{ listener, frames }];
}

function together(batches: readonly Batch[]): Iterator<readonly Share[]> {
  const links = new Map<Outlet, Share[]>();
  for (const { channel, frames } of batches) {
    for (const listener of channel.listeners) {
      const shares = links.get(listener.outlet);
      if (shares) shares.push({ listener, frames });
      else links.set(listener.outlet, [{ listener, frames }]);
    }
  }
  return links.values();
}
