import { Buffer } from 'node:buffer';
import type { FaultProxy, ProxyLink } from '../proxy.ts';
import type { ReadFrame } from './frame.ts';

const nothing = Buffer.alloc(0);

/**
 * Takes whole messages out of a stream. It has to see the stream from its first byte on, or it would not know where one begins; and it
 * hands on whole frames only, however they come. What it cannot read it hands on as it is, from there on to the end.
 */
export class LossyStream {
  readonly #read: ReadFrame;
  /** Whether a message of so many bytes is lost. */
  readonly #isLost: (bytes: number) => boolean;
  /** The beginning of a frame whose end has not come. */
  #waiting: Buffer = nothing;
  #readable = true;

  constructor(read: ReadFrame, isLost: (bytes: number) => boolean) {
    this.#read = read;
    this.#isLost = isLost;
  }

  /** What is handed on when these bytes come. */
  take(bytes: Buffer): Buffer {
    if (!this.#readable) return bytes;
    let rest = this.#waiting.length === 0 ? bytes : Buffer.concat([this.#waiting, bytes]);
    const kept: Buffer[] = [];
    while (rest.length > 0) {
      const frame = this.#next(rest);
      if (!frame) break;
      const { end, message } = frame;
      if (message === undefined || !this.#isLost(message)) kept.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    this.#waiting = this.#readable ? rest : nothing;
    if (!this.#readable) kept.push(rest);
    return kept.length === 1 && kept[0] ? kept[0] : Buffer.concat(kept);
  }

  #next(bytes: Buffer): ReturnType<ReadFrame> {
    try {
      return this.#read(bytes);
    } catch {
      this.#readable = false;
      return undefined;
    }
  }
}

/** How many messages came while some got lost, and how many of them did. */
export interface Losses {
  readonly came: number;
  readonly lost: number;
}

/** The way from a broker to its client through a proxy, on which messages get lost while one wants it, and links stand. */
export class LossyWay {
  #came = 0;
  #lost = 0;
  #draw: (() => boolean) | undefined;

  /** To be made before the first link: a stream is read from its beginning. */
  constructor(proxy: FaultProxy, read: ReadFrame) {
    const streams = new WeakMap<ProxyLink, LossyStream>();
    proxy.alter = (bytes, link) => {
      const stream = streams.get(link) ?? new LossyStream(read, (size) => this.#isLost(size));
      streams.set(link, stream);
      return stream.take(bytes);
    };
  }

  /** From now on a message is lost when `draw` says so. */
  begin(draw: () => boolean): void {
    this.#came = 0;
    this.#lost = 0;
    this.#draw = draw;
  }

  /** Nothing is lost any more. Answers what was. */
  end(): Losses {
    this.#draw = undefined;
    return { came: this.#came, lost: this.#lost };
  }

  /** An empty one is no envelope: it is how a node sees that its connection stands, and without it gives that up. */
  #isLost(bytes: number): boolean {
    if (!this.#draw || bytes === 0) return false;
    this.#came += 1;
    const lost = this.#draw();
    if (lost) this.#lost += 1;
    return lost;
  }
}
