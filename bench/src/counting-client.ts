import type { Begin, Dialect, Step } from './dialects.ts';
import { FrameLink, type FrameSink } from './frame-link.ts';
import type { Tally } from './tally.ts';

export interface CountingClientOptions {
  readonly port: number;
  readonly name: string;
  readonly dialect: Dialect;
  readonly tally: Tally;
}

/** A subscriber that counts what it gets. */
export class CountingClient implements FrameSink {
  /** Resolves when events come from now on. Rejects when the server says no. */
  readonly ready: Promise<void>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #dialect: Dialect;
  readonly #tally: Tally;
  readonly #link: FrameLink;
  readonly #name: string;
  #begin: Begin | undefined;
  /** The number of the last event it has. */
  cursor = 0;
  /** Whether it says how late events are. */
  timed = true;

  constructor({ port, name, dialect, tally }: CountingClientOptions) {
    this.ready = this.#ready.promise;
    this.#dialect = dialect;
    this.#tally = tally;
    this.#name = name;
    this.#link = new FrameLink({ port, path: dialect.path }, this);
  }

  /** Stops reading. */
  pause(): void {
    this.timed = false;
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
  }

  /** Says that it is there. */
  ping(): void {
    this.#link.say(this.#dialect.ping);
  }

  onOpen(): void {
    this.#take(this.#dialect.hello(this.#name));
  }

  onText(bytes: Buffer, at: number, length: number): void {
    if (this.#begin && this.#dialect.carries(bytes, at)) {
      this.cursor = this.#tally.count(bytes, at, length, this.#begin.numberAt, this.cursor, this.timed);
    } else this.#take(this.#dialect.answer(bytes.toString('utf8', at, at + length)));
  }

  onEnded(why: Error): void {
    this.#ready.reject(why);
    // Who was not let in tells whoever waits for it; nobody has lost it.
    if (this.#begin) this.#tally.ended(why.message);
  }

  #take({ say, begin }: Step): void {
    if (say !== undefined) this.#link.say(say);
    if (!begin) return;
    this.#begin = begin;
    this.cursor = begin.cursor;
    this.#ready.resolve();
  }
}
