import type { Env } from '@hubbub/protocol/env';
import type { Channel } from './channel.ts';
import { type Batch, costOf, type Errand, errandsOf, type Outgoing } from './errand.ts';
import type { Mechanism } from './mechanisms.ts';
import { cut, eventsFrame } from './page.ts';

/** A fan-out gives the loop back after so long, and goes on in the next turn. */
const slice = 5;
/** A channel's next fan-out waits three times what the last one took, so that it has a quarter of the loop; but not longer than this. */
const rest = 3;
const longestRest = 16;
const longestRestOfMany = 50;
const many = 5_000;
/** What took less is no load: the next turn will do. */
const light = 1;

export interface FanoutParts {
  readonly env: Env<Mechanism>;
  epoch(): string;
  /** Whether events must be held back, because the newest look is too old to trust. */
  held(): boolean;
}

/**
 * Gives what has come in for a channel to everybody who is live on it: one frame for all of it, made once, the same bytes to each. The
 * first after quiet goes in the same turn; under load the next one waits, and what comes meanwhile is in one frame.
 */
export class Fanout {
  readonly #parts: FanoutParts;
  /** Channels with something to send, when they may: a time in the past for the next turn. */
  readonly #due = new Set<Channel>();
  /** Weak: a channel that has gone rests for nobody. */
  readonly #notBefore = new WeakMap<Channel, number>();
  /** In turn, one slice each. */
  readonly #errands: Errand[] = [];
  readonly #busy = new Set<Channel>();
  #scheduled = false;
  #cancel: (() => void) | undefined;

  constructor(parts: FanoutParts) {
    this.#parts = parts;
  }

  /** Channels that send, or wait to. */
  get size(): number {
    return this.#due.size + this.#busy.size;
  }

  advanced(channel: Channel): void {
    this.#due.add(channel);
    this.#schedule();
  }

  close(): void {
    this.#cancel?.();
    this.#due.clear();
    this.#errands.length = 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#parts.env.turn(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    const now = this.#parts.env.now();
    let soonest = Number.POSITIVE_INFINITY;
    const batches: Batch[] = [];
    for (const channel of this.#due) {
      const at = this.#notBefore.get(channel) ?? now;
      if (this.#busy.has(channel)) continue;
      if (at > now) {
        soonest = Math.min(soonest, at);
        continue;
      }
      this.#due.delete(channel);
      this.#notBefore.delete(channel);
      const batch = this.#start(channel);
      if (batch) batches.push(batch);
    }
    this.#errands.push(...errandsOf(batches));
    this.#work(now);
    if (this.#errands.length > 0) this.#schedule();
    else if (soonest < Number.POSITIVE_INFINITY) this.#wake(soonest - now);
  }

  #wake(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.#parts.env.timer(ms, () => {
      this.#cancel = undefined;
      this.#turn();
    });
  }

  /** Builds the frames and moves `sent`: from here on whoever catches up stands at their end. */
  #start(channel: Channel): Batch | undefined {
    if (!channel.open || channel.sent >= channel.head) return undefined;
    const readers = channel.listeners.size;
    const frames = readers > 0 ? this.#build(channel) : [];
    channel.sent = channel.head;
    if (frames.length === 0) {
      // Nobody is live, or the tail has let go of it: everybody reads for himself.
      for (const listener of channel.listeners) listener.due();
      return undefined;
    }
    this.#busy.add(channel);
    return { channel, frames, readers };
  }

  #build(channel: Channel): readonly Outgoing[] {
    const frames: Outgoing[] = [];
    let events = channel.tail.after(channel.sent);
    let start = channel.sent;
    while (events && events.length > 0) {
      // Whoever an event concerns is asked about before he gets what comes after it: a frame never spans one.
      const page = cut(events, channel.head, ({ entry }) => entry.header.concerns !== undefined);
      const last = page.at(-1);
      if (!last) break;
      if (last.entry.header.concerns && page.length < events.length) this.#parts.env.count('frame_split');
      if (page.length > 1) this.#parts.env.count('frame_merged');
      const end = last.entry.header.offset;
      frames.push({ frame: eventsFrame(channel.name, this.#parts.epoch(), page), start, end });
      start = end;
      events = events.slice(page.length);
    }
    return frames;
  }

  /** Slices, errands in turn, until the turn's time is used up. */
  #work(began: number): void {
    while (this.#errands.length > 0) {
      const errand = this.#errands.shift();
      if (!errand) return;
      if (this.#write(errand)) this.#finish(errand);
      else this.#errands.push(errand);
      if (this.#parts.env.now() - began >= slice) return;
    }
  }

  /** One slice of an errand; true when it is through. */
  #write(errand: Errand): boolean {
    const { env } = this.#parts;
    const began = env.now();
    // Asked once a slice: what is held back is not queued, everybody is behind and reads for himself when it is over.
    const held = this.#parts.held();
    let shared = 0;
    let through = false;
    for (let checked = 1; ; checked++) {
      const taken = errand.visit(held);
      if (taken < 0) {
        through = true;
        break;
      }
      shared += taken;
      // The clock costs more than a write is worth looking at it for.
      if (checked % 16 === 0 && env.now() - began >= slice) break;
    }
    errand.took += env.now() - began;
    if (shared > 0) env.count('shared_frame', shared);
    return through;
  }

  #finish(errand: Errand): void {
    for (const batch of errand.batches) {
      const { channel } = batch;
      const took = costOf(errand, batch);
      this.#busy.delete(channel);
      if (took >= light) {
        const longest = batch.readers > many ? longestRestOfMany : longestRest;
        this.#notBefore.set(channel, this.#parts.env.now() + Math.min(rest * took, longest));
      }
      if (this.#due.has(channel)) this.#schedule();
      else if (took < light) this.#notBefore.delete(channel);
    }
  }
}
