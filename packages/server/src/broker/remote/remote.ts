import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Broker, BrokerLimits, BrokerSinks, OpenBroker } from '../broker.ts';
import { Beat } from './beat.ts';
import { Gathering } from './gathering.ts';
import { Line, type Link } from './line.ts';
import { type RemoteOptions, reasonOf, shown } from './options.ts';
import { Wanted } from './wanted.ts';

export interface Remote {
  readonly options: RemoteOptions;
  /** Bytes of one envelope. */
  readonly envelopeBytes: number;
  /** Connects once: rejects when it cannot, and says on the line what the connection brings, its end included. */
  readonly connect: (line: Line) => Promise<Link>;
}

const connectPatience = 3_000;
const shortestPause = 100;
const longestPause = 2_000;
/** A link that stood for so long was a good one: the next try comes soon. */
const goodAfter = 5_000;
/** Whoever has waited for so long may have gone on without the broker's word: for him the first link is late, and so a gap. */
const waitedFor = 200;

/**
 * A broker on a server, of which `connect` is all that is special: tries for ever, each time with a new connection; subscribes again;
 * tells of the gap; finds a connection that is dead and does not know; drops what cannot be sent.
 */
export function remote(parts: Remote): OpenBroker {
  return (sinks) => new RemoteBroker(parts, sinks);
}

class RemoteBroker implements Broker {
  readonly limits: BrokerLimits;
  readonly #parts: Remote;
  readonly #sinks: BrokerSinks;
  readonly #beats = `beat:${randomUUID()}`;
  readonly #wanted = new Wanted((error) => this.#line?.lost(error));
  #dropped = 0;
  #line: Line | undefined;
  #gathering: Gathering | undefined;
  #beat: Beat | undefined;
  #closed: Promise<void> | undefined;
  #wake = (): void => {};
  /** While no link stands: since when, and whether a try has failed since, which is said once. */
  #away: { readonly since: number; readonly failed: boolean } | undefined = { since: performance.now(), failed: false };

  constructor(parts: Remote, sinks: BrokerSinks) {
    this.#parts = parts;
    this.#sinks = sinks;
    this.limits = { envelopeBytes: parts.envelopeBytes, ownBell: true };
    this.#wanted.want([this.#beats]).catch(() => {});
    void this.#run();
  }

  get dropped(): number {
    return this.#dropped;
  }

  subscribe(channels: readonly string[]): Promise<void> {
    return this.#closed !== undefined ? Promise.reject(new Error('the broker is closed')) : this.#wanted.want(channels);
  }

  unsubscribe(channels: readonly string[]): Promise<void> {
    return this.#wanted.leave(channels);
  }

  publish(channel: string, envelope: string): void {
    const { envelopeBytes } = this.limits;
    // Of text, a character is three bytes at most: most envelopes need no measuring.
    const fits = envelope.length * 3 <= envelopeBytes || Buffer.byteLength(envelope) <= envelopeBytes;
    if (fits && this.#gathering) this.#gathering.add({ channel, envelope });
    else this.#dropped += 1;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const reason = new Error('the broker is closed');
    const ended = this.#line?.end(reason);
    this.#fall(reason);
    this.#wake();
    await ended;
  }

  async #run(): Promise<void> {
    let pause = shortestPause;
    while (this.#closed === undefined) {
      const began = performance.now();
      const line = new Line({
        onEnvelope: (channel, envelope) => this.#heard(channel, envelope),
        onGap: (reason) => this.#sinks.onGap(reason),
      });
      this.#line = line;
      try {
        await this.#stand(line);
        await line.over;
      } catch (error) {
        void line.end(error);
        if (this.#closed !== undefined) return;
        this.#fall(error);
        this.#fell(error);
      }
      pause = performance.now() - began > goodAfter ? shortestPause : pause;
      await this.#rest(pause * (0.5 + Math.random() / 2));
      pause = Math.min(longestPause, pause * 2);
    }
  }

  /** Makes a line stand: connected, everything subscribed to. Rejects when it is lost before that. */
  async #stand(line: Line): Promise<void> {
    const deadline = setTimeout(() => line.lost(new Error(`no answer within ${connectPatience / 1_000} s`)), connectPatience);
    line.defer(() => clearTimeout(deadline));
    const link = await Promise.race([this.#parts.connect(line), line.over]);
    clearTimeout(deadline);
    const gathering = new Gathering(link, (count) => {
      this.#dropped += count;
    });
    this.#gathering = gathering;
    const standing = this.#wanted.stand(link);
    this.#beat = new Beat(
      () => gathering.add({ channel: this.#beats, envelope: '' }),
      (reason) => line.lost(new Error(reason)),
    );
    await Promise.race([standing, line.over]);
    const { since, failed } = this.#away ?? { since: performance.now(), failed: false };
    const ms = Math.round(performance.now() - since);
    this.#away = undefined;
    if (failed) this.#note(`is back after ${(ms / 1_000).toFixed(1)} s`);
    if (failed || ms > waitedFor) this.#sinks.onGap(`the connection is new, after ${ms} ms without one`);
  }

  /** Nothing goes out any more, and nobody waits for an answer that does not come. */
  #fall(reason: unknown): void {
    this.#gathering?.close();
    this.#gathering = undefined;
    this.#beat?.close();
    this.#beat = undefined;
    this.#wanted.fall(reason);
  }

  #fell(error: unknown): void {
    if (!this.#away?.failed) this.#note(`is away (${reasonOf(error, this.#parts.options.url)}); trying again until it is back`);
    this.#away = { since: this.#away?.since ?? performance.now(), failed: true };
  }

  #note(text: string): void {
    this.#parts.options.onNote?.(`the broker ${shown(this.#parts.options.url)} ${text}`);
  }

  #heard(channel: string, envelope: string): void {
    if (channel === this.#beats) this.#beat?.heard();
    else if (this.#wanted.has(channel)) this.#sinks.onEnvelope(channel, envelope);
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
