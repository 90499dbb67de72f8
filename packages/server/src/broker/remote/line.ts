import type { BrokerSinks } from '../broker.ts';

/** An envelope on its way to the server. */
export interface Parcel {
  readonly channel: string;
  readonly envelope: string;
}

/** What a connection can do once it stands. */
export interface Link {
  /** Resolves when the server has acknowledged all of them. Never called while a call is under way. */
  subscribe(channels: readonly string[]): Promise<unknown>;
  unsubscribe(channels: readonly string[]): Promise<unknown>;
  /** Hands over what was published in one turn. Resolves when it is out of our hands, and rejects when it is lost. */
  send(parcels: readonly Parcel[]): Promise<unknown>;
}

/** For those that hear everything that passes: what nobody asked for is left out here. */
export const hearsAll: Pick<Link, 'subscribe' | 'unsubscribe'> = { subscribe: async () => {}, unsubscribe: async () => {} };

const endPatience = 1_000;

/**
 * One try at the server, from the first packet until it is given up: whatever the connection brings is said here, and what it has opened
 * ends with it. A line that is lost is never used again; a new one is made.
 */
export class Line {
  /** Rejects with the reason when the line ends. */
  readonly over: Promise<never>;
  readonly #sinks: Pick<BrokerSinks, 'onEnvelope' | 'onGap'>;
  readonly #fail: (reason: unknown) => void;
  readonly #ends: (() => unknown)[] = [];
  #ended: Promise<void> | undefined;

  constructor(sinks: Pick<BrokerSinks, 'onEnvelope' | 'onGap'>) {
    this.#sinks = sinks;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    this.over = promise;
    this.#fail = reject;
  }

  heard(channel: string, envelope: string): void {
    if (this.#ended === undefined) this.#sinks.onEnvelope(channel, envelope);
  }

  /** The server has left something out, though the connection stands. */
  gap(reason: string): void {
    if (this.#ended === undefined) this.#sinks.onGap(reason);
  }

  /** The connection is of no more use. Said again, it is not heard. */
  lost(reason: unknown): void {
    this.#fail(reason);
  }

  /** Ends with the line, the last first; at once where the line has ended already. */
  defer(end: () => unknown): void {
    if (this.#ended !== undefined) void quietly(end);
    else this.#ends.push(end);
  }

  /** Gives it up. Nothing is heard any more; resolves when what it has opened is closed, or does not close. */
  end(reason: unknown): Promise<void> {
    this.#fail(reason);
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, endPatience);
    });
    const ends = this.#ends.splice(0).reverse();
    await Promise.race([Promise.all(ends.map(quietly)), patience]);
    clearTimeout(timer);
  }
}

async function quietly(end: () => unknown): Promise<void> {
  try {
    await end();
  } catch {
    // It is being thrown away: how it takes that says nothing.
  }
}
