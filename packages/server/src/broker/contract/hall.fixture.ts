import type { OpenBroker } from '../broker.ts';
import type { Line, Link } from '../remote/line.ts';
import { remote } from '../remote/remote.ts';
import type { BrokerFactory } from './rule.contract.ts';
import { Settling } from './settling.fixture.ts';

const envelopeBytes = 1_024;

/** One connection: what is lost on its way, and what it has subscribed to. */
interface Guest {
  readonly line: Line;
  readonly cluster: string;
  readonly way: { lost: boolean } | undefined;
  readonly channels: Set<string>;
}

/** A server in this process, with the faults of a real one: each rule can be broken on it in no time. */
export class Hall {
  readonly #guests = new Set<Guest>();
  /** What the server has not done yet, while it is stopped. */
  #waiting: (() => void)[] | undefined;
  #up = true;

  async connect(line: Line, cluster: string, way: Guest['way']): Promise<Link> {
    const guest: Guest = { line, cluster, way, channels: new Set() };
    await this.#do(guest, () => {
      if (!this.#up) throw new Error('nobody is there');
      this.#guests.add(guest);
      line.defer(() => this.#guests.delete(guest));
    });
    return {
      subscribe: (channels) =>
        this.#do(guest, () => {
          for (const channel of channels) guest.channels.add(channel);
        }),
      unsubscribe: (channels) =>
        this.#do(guest, () => {
          for (const channel of channels) guest.channels.delete(channel);
        }),
      send: (parcels) =>
        this.#do(guest, () => {
          for (const { channel, envelope } of parcels) this.#hand(guest, channel, envelope);
        }),
    };
  }

  kill(): void {
    this.#up = false;
    for (const { line } of this.#guests) line.lost(new Error('killed'));
    this.#guests.clear();
  }

  start(): void {
    this.#up = true;
  }

  pause(): void {
    this.#waiting = [];
  }

  resume(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const run of waiting) run();
  }

  cut(way: Guest['way']): void {
    for (const { line, way: own } of this.#guests) if (own === way) line.lost(new Error('cut'));
  }

  #hand({ cluster: from }: Guest, channel: string, envelope: string): void {
    for (const { line, cluster, way, channels } of this.#guests) {
      if (cluster === from && channels.has(channel) && !way?.lost) setImmediate(() => line.heard(channel, envelope));
    }
  }

  /** In another turn, and not while the server is stopped; what the way swallows has no answer. */
  #do(guest: Guest, what: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const run = (): void => {
        if (guest.way?.lost) return;
        try {
          resolve(what());
        } catch (error) {
          reject(error);
        }
      };
      setImmediate(() => (this.#waiting ? this.#waiting.push(run) : run()));
    });
  }
}

/** How a broker is put together on the hall; what is left out is as it should be. */
export interface Parts {
  /** Made anew for each connection. */
  readonly link?: (link: Link, line: Line) => Link;
  readonly broker?: (open: OpenBroker) => OpenBroker;
  readonly cluster?: string;
}

/** Brokers on a server in this process. */
export function hallFactory({ link = (same) => same, broker = (same) => same, cluster = 'other' }: Parts = {}): BrokerFactory {
  const hall = new Hall();
  const settling = new Settling();
  const way = { lost: false };
  const opener = (name: string, by?: typeof way): OpenBroker => {
    const options = { url: 'hall://here' };
    return broker(remote({ options, envelopeBytes, connect: async (line) => link(await hall.connect(line, name, by), line) }));
  };
  return {
    settled: () => settling.settled(),
    open: (sinks) => settling.join(opener('usual'), sinks),
    apart: { open: (sinks) => settling.join(opener(cluster), sinks, 'other') },
    bound: { bytes: envelopeBytes },
    server: {
      kill: async () => hall.kill(),
      start: async () => hall.start(),
      pause: () => hall.pause(),
      resume: () => hall.resume(),
    },
    way: {
      open: (sinks) => settling.join(opener('usual', way), sinks),
      lose: () => {
        way.lost = true;
      },
      restore: () => {
        way.lost = false;
        hall.cut(way);
      },
      cut: () => hall.cut(way),
    },
  };
}
