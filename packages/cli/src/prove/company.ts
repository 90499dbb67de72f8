import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultProxy } from '@hubbub/rig/proxy';
import type { Member } from './crew-orders.ts';
import { Crews } from './crews.ts';
import type { LinkScene } from './fault.ts';
import type { Account } from './history.ts';

export interface Casting {
  /** Each with its own way to the server. */
  readonly members: readonly (Member & { readonly proxy: FaultProxy })[];
  readonly channels: readonly string[];
  readonly seed: number;
  readonly brief: boolean;
  /** Who has made the channels. */
  readonly founder: Account;
  readonly signal: AbortSignal;
}

const pollMs = 100;
const patience = 60_000;

/** The clients of a run, which have subscribed to all channels, and the network between them and the servers. */
export class Company implements LinkScene, AsyncDisposable {
  readonly crews: Crews;
  readonly channels: readonly string[];
  /** By the name of each client. */
  readonly proxies: ReadonlyMap<string, FaultProxy>;
  readonly founder: Account;
  readonly brief: boolean;
  /** Broken promises that no history shows. */
  readonly broken: string[] = [];
  readonly pause: LinkScene['pause'];
  readonly until: LinkScene['until'];

  private constructor({ members, channels, seed, brief, founder, signal }: Casting) {
    this.channels = channels;
    this.founder = founder;
    this.brief = brief;
    this.proxies = new Map(members.map(({ name, proxy }) => [name, proxy]));
    this.pause = async (ms) => void (await sleep(ms, undefined, { signal }));
    this.until = poller(signal);
    this.crews = new Crews({ members: members.map(({ proxy: _, ...member }) => member), channels, seed });
  }

  /** Starts the clients; resolves when all of them are live. Rejects when they are not within a minute. */
  static async open(casting: Casting): Promise<Company> {
    await using undo = new AsyncDisposableStack();
    const company = undo.use(new Company(casting));
    const live = async (): Promise<boolean> => (await company.crews.standing()).live === casting.members.length;
    if (!(await company.until(live, patience))) throw new Error('not all clients came to be live');
    undo.move();
    return company;
  }

  readonly violate = (text: string): void => void this.broken.push(text);

  /** Ends all clients: their links break. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.crews[Symbol.asyncDispose]();
  }
}

/** Asks again and again until it is so. An error, such as of a server that does not answer, is a no. */
export function poller(signal: AbortSignal): LinkScene['until'] {
  return async (condition, patience) => {
    for (const end = performance.now() + patience; ; ) {
      if (await Promise.resolve(condition()).catch(() => false)) return true;
      if (performance.now() > end) return false;
      await sleep(pollMs, undefined, { signal });
    }
  };
}
