import { monotonic } from './clock.ts';
import type { Carried, Dialect } from './dialects.ts';
import { Histogram } from './histogram.ts';

/** The same message, as a thousand clients get it: read once. */
interface Known extends Carried {
  readonly bytes: number;
}

/**
 * What the clients of one process have got. A message is known by its first event's number and its length, so that of the thousand
 * copies of one only the first is parsed: the clients must not be what is measured.
 */
export class Tally {
  readonly latency = new Histogram();
  readonly #dialect: Dialect;
  readonly #known = new Map<number, Known>();
  #stride = 1;
  #messages = 0;
  /** Events, all clients together. */
  delivered = 0;
  /** Messages that did not begin with the event after the last one. */
  gaps = 0;
  /** Links that the server ended, and how the first of them ended. */
  closed = 0;
  firstClose = '';

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** Counts from 0 again; one message in `stride` tells its latency. */
  start(stride: number): void {
    this.#stride = stride;
    this.#known.clear();
    this.latency.reset();
    this.delivered = 0;
  }

  /** Counts one message, `bytes[at … at + length]`, of a client that has all up to `cursor`. Returns its new cursor. */
  count(bytes: Buffer, at: number, length: number, numberAt: number, cursor: number, timed: boolean): number {
    const first = numberIn(bytes, at + numberAt);
    let known = this.#known.get(first);
    if (known?.bytes !== length) {
      known = { ...this.#dialect.read(bytes.toString('utf8', at, at + length)), bytes: length };
      if (known.last - first + 1 !== known.due.length)
        throw new Error(`a message of events ${first} to ${known.last} has ${known.due.length}`);
      this.#known.set(first, known);
    }
    if (first !== cursor + 1) this.gaps += 1;
    this.delivered += known.due.length;
    this.#messages += 1;
    if (timed && this.#messages % this.#stride === 0) {
      const now = monotonic();
      for (const due of known.due) this.latency.record(now - due);
    }
    return known.last;
  }

  ended(why: string): void {
    this.closed += 1;
    this.firstClose ||= why;
  }
}

function numberIn(bytes: Uint8Array, start: number): number {
  let value = 0;
  for (let at = start; ; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return value;
    value = value * 10 + digit;
  }
}
