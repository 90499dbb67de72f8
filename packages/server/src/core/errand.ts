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

/** One walk over links. */
export interface Errand {
  readonly batches: readonly Batch[];
  /** Milliseconds of work so far. */
  took: number;
  /** Writes to the next link: how many frames it took; −1: it is through. `held`: everybody is to read for himself instead. */
  visit(held: boolean): number;
}

/** A channel with no more readers is written together with others of its size. */
const joinable = 1_024;
/** So many shares are put in order at once: a millisecond or so. */
const mostShares = 4_096;

/** The errands of a turn: small channels together, as many as can be put in order at once; a large one alone, or it would make the small ones wait. */
export function errandsOf(batches: readonly Batch[]): readonly Errand[] {
  const errands: Errand[] = [];
  let joined: Batch[] = [];
  let shares = 0;
  const end = (): void => {
    const [first] = joined;
    if (first) errands.push(joined.length === 1 ? new Alone(first) : new Together(joined));
    joined = [];
    shares = 0;
  };
  for (const batch of batches) {
    if (batch.readers > joinable) {
      errands.push(new Alone(batch));
      continue;
    }
    if (shares + batch.readers > mostShares) end();
    joined.push(batch);
    shares += batch.readers;
  }
  end();
  return errands;
}

/** What `batch` has cost of an errand, in milliseconds. */
export function costOf({ batches, took }: Errand, { readers }: Batch): number {
  const all = batches.reduce((sum, batch) => sum + batch.readers, 0);
  return (took * readers) / Math.max(1, all);
}

/** One channel's. With a thousand readers this is the hottest path of a node: nothing is made here, and nothing asked twice. */
class Alone implements Errand {
  readonly batches: readonly Batch[];
  took = 0;
  readonly #listeners: readonly Listener[];
  readonly #frames: readonly Outgoing[];
  readonly #only: Outgoing | undefined;
  #at = 0;

  constructor(batch: Batch) {
    this.batches = [batch];
    // Who comes meanwhile stands at the end of it, and whoever goes says no.
    this.#listeners = [...batch.channel.listeners];
    this.#frames = batch.frames;
    this.#only = batch.frames.length === 1 ? batch.frames[0] : undefined;
  }

  visit(held: boolean): number {
    const listener = this.#listeners[this.#at];
    if (!listener) return -1;
    this.#at += 1;
    const only = this.#only;
    if (held || !only) return give(listener, this.#frames, held, true);
    return listener.offer(only.frame, only.start, only.end, true) ? 1 : 0;
  }
}

/** What several channels send, link by link, so that a link gets all of it in one write. */
class Together implements Errand {
  readonly batches: readonly Batch[];
  took = 0;
  readonly #links: Iterator<readonly Share[]>;

  constructor(batches: readonly Batch[]) {
    this.batches = batches;
    const links = new Map<Outlet, Share[]>();
    for (const { channel, frames } of batches) {
      for (const listener of channel.listeners) {
        const shares = links.get(listener.outlet);
        if (shares) shares.push({ listener, frames });
        else links.set(listener.outlet, [{ listener, frames }]);
      }
    }
    this.#links = links.values();
  }

  visit(held: boolean): number {
    const { value: shares, done } = this.#links.next();
    if (done) return -1;
    let taken = 0;
    for (const { listener, frames } of shares) taken += give(listener, frames, held, false);
    shares[0]?.listener.outlet.flush();
    return taken;
  }
}

/** A listener, and what he is to be offered. */
interface Share {
  readonly listener: Listener;
  readonly frames: readonly Outgoing[];
}

/** Offers frames in their order; `flush`: there is nothing else for the link. */
function give(listener: Listener, frames: readonly Outgoing[], held: boolean, flush: boolean): number {
  let taken = 0;
  if (held) listener.due();
  else for (const { frame, start, end } of frames) if (listener.offer(frame, start, end, false)) taken += 1;
  if (flush) listener.outlet.flush();
  return taken;
}
