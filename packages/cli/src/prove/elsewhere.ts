import { randomBytes } from 'node:crypto';
import type { Credentials } from '@hubbub/client';
import { FaultProxy } from '@hubbub/rig/proxy';
import { Company } from './company.ts';
import type { LinkScene } from './fault.ts';
import { readLog } from './fresh-reader.ts';
import type { Log } from './history.ts';
import { NodeWatch } from './node-watch.ts';
import { openRooms } from './rooms.ts';
import type { Look, Stage } from './stage.ts';
import { takesGuests } from './visit.ts';

export interface Visit {
  /** Nodes, or balancers before them, of one cluster: clients spread over them. */
  readonly urls: readonly string[];
  /** Who to be where no guests are let in, and who may ask what a node counts. */
  readonly token: string | undefined;
  readonly clients: number;
  readonly channels: number;
  readonly seed: number;
  readonly say: (text: string) => void;
}

const setUpPatience = 30_000;

/** Servers that somebody else runs: nothing is started there and nothing ended; all that is done to them is done on the way. */
export class Elsewhere implements Stage<LinkScene> {
  readonly urls: readonly string[];
  readonly company: Company;
  readonly cuts = [];
  readonly left: readonly string[];
  readonly #credentials: Credentials;
  readonly #watches: readonly NodeWatch[];
  readonly #undo: AsyncDisposableStack;

  private constructor(parts: Pick<Elsewhere, 'urls' | 'company' | 'left'>, rest: Rest) {
    ({ urls: this.urls, company: this.company, left: this.left } = parts);
    ({ credentials: this.#credentials, watches: this.#watches, undo: this.#undo } = rest);
  }

  /** Makes channels of its own and brings clients there; resolves when all of them are live. */
  static async open({ urls, token, clients, channels: count, seed, say }: Visit, signal: AbortSignal): Promise<Elsewhere> {
    await using undo = new AsyncDisposableStack();
    const guests = await Promise.all(urls.map((url) => takesGuests(url, token)));
    const own = guests.every(Boolean) ? undefined : token;
    if (own === undefined && !guests.every(Boolean)) throw new Error('no guests are let in there: a token has to say who to be');
    const watches = await Promise.all(urls.map((url) => NodeWatch.open([url], token)));
    const apart = await areApart(urls, token);
    const credentials = own === undefined ? { name: 'founder' } : { token: own };
    const [url = ''] = urls;
    // Of this run alone, whatever its seed: what is there already is not touched.
    const run = randomBytes(4).toString('hex');
    const channels = Array.from({ length: count }, (_, at) => `room:prove-${run}-${at + 1}`);
    undo.defer(() => say(`it leaves behind: the rooms ${named(channels)} and what was said in them`));
    const patience = AbortSignal.any([signal, AbortSignal.timeout(setUpPatience)]);
    const founder = await openRooms({ url, credentials, channels, signal: patience });
    const members = [];
    for (let at = 0; at < clients; at++) {
      const there = urls[at % urls.length] ?? url;
      const proxy = undo.use(await FaultProxy.open(addressOf(there)));
      members.push({ name: `client-${at + 1}`, url: there, through: proxy.port, proxy, ...(own !== undefined && { token: own }) });
    }
    const company = undo.use(await Company.open({ members, channels, seed, brief: false, founder, signal }));
    return new Elsewhere({ urls, company, left: channels }, { credentials, watches: apart ? watches : [], undo: undo.move() });
  }

  scene(): LinkScene {
    return this.company;
  }

  looks(): Promise<readonly Look[] | undefined> {
    return known(this.#watches.map((watch) => watch.look()));
  }

  async heldMs(): Promise<number | undefined> {
    const held = await known(this.#watches.map((watch) => watch.heldMs()));
    return held?.reduce((sum, one) => sum + one, 0);
  }

  /** What such a server holds is of others, too. */
  async compare(): Promise<void> {}

  readLog(): Promise<Log> {
    return readLog(this.urls[0] ?? '', this.#credentials, this.company.channels);
  }

  async leave(): Promise<void> {
    await this.company[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }
}

interface Rest {
  readonly credentials: Credentials;
  /** None where what they say would mean nothing together. */
  readonly watches: readonly NodeWatch[];
  readonly undo: AsyncDisposableStack;
}

/** Whether each address is another node's: what one counts would be counted twice. */
async function areApart(urls: readonly string[], token: string | undefined): Promise<boolean> {
  const pairs = urls.flatMap((one, at) => urls.slice(at + 1).map((other) => NodeWatch.open([one, other], token)));
  return (await Promise.all(pairs)).every(({ several }) => several);
}

/** All of it; undefined: not all of it is known, or there is nothing to know it of. */
async function known<Value>(asked: readonly Promise<Value | undefined>[]): Promise<readonly Value[] | undefined> {
  const values = (await Promise.all(asked)).filter((value) => value !== undefined);
  return values.length === asked.length && values.length > 0 ? values : undefined;
}

function addressOf(url: string): { host: string; port: number } {
  const { protocol, hostname, port } = new URL(url);
  const usual = /^(https|wss):$/.test(protocol) ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
}

/** The first one, and the last one. */
function named(channels: readonly string[]): string {
  const [first = ''] = channels;
  return channels.length === 1 ? first : `${first} … ${channels.at(-1)}`;
}
