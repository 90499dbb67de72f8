import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';
import { limits } from '@hubbub/protocol/limits';
import { Pace } from '../core/pace.ts';
import { fromLoopback } from './loopback.ts';

export interface PeersOptions {
  /** Addresses of proxies that are believed when they say for whom they speak; of nobody else is anything believed. */
  readonly trustProxy: readonly string[];
  /** Pages of these origins may come too. */
  readonly origins: readonly string[];
  /** Milliseconds. */
  readonly now: () => number;
}

type Request = Pick<IncomingMessage, 'headers' | 'socket'>;

/** So many addresses are remembered; the longest unheard go first. */
const mostAddresses = 10_000;

/** Who is at the other end: its address, whether its page may come here, and whether it comes too often. */
export class Peers {
  readonly #trusts: (address: string | undefined, hop: number) => boolean;
  readonly #origins: ReadonlySet<string>;
  readonly #now: () => number;
  /** In the order of their last requests. */
  readonly #paces = new Map<string, Pace>();

  constructor({ trustProxy, origins, now }: PeersOptions) {
    const trusts = trustProxy.length > 0 ? proxyAddr.compile([...trustProxy]) : () => false;
    // One that speaks through a socket of version 6; or one that is gone already: its socket knows no address any more.
    this.#trusts = (address, hop) => address !== undefined && trusts(address.replace(/^::ffff:(?=\d+\.)/, ''), hop);
    this.#origins = new Set(origins);
    this.#now = now;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#paces.size;
  }

  /** The last one on the way here that is not a trusted proxy. */
  addressOf(request: Request): string {
    return proxyAddr(request as IncomingMessage, this.#trusts as (address: string, hop: number) => boolean) ?? '';
  }

  /**
   * Whether a browser's page may open a link, or read an answer. Programs send no Origin and may. A page must come from the very host it
   * talks to: then it is ours, under whatever name or address people reach this server. Or from one that the operator has named.
   * Anything else could be any page, acting for whoever opened it.
   */
  originAllowed(request: Request): boolean {
    const { origin } = request.headers;
    if (origin === undefined) return true;
    const host = this.#hostOf(request);
    // Browsers write `null` for what has no origin of its own: a sandboxed frame, a file.
    if (!URL.canParse(origin)) return false;
    const page = new URL(origin);
    if (this.#origins.has(page.origin) && page.host !== '' && page.origin === origin.toLowerCase()) return true;
    if (host === undefined) return false;
    // Read as the page's scheme reads it: a proxy may name the port that browsers leave out.
    const here = `${page.protocol}//${host}`;
    return page.host !== '' && URL.canParse(here) && new URL(here).host === page.host;
  }

  /** Origins that answers are for, besides our own. */
  get origins(): readonly string[] {
    return [...this.#origins];
  }

  /**
   * Takes one request of an address. Returns 0, or, when it comes too fast, after how many milliseconds it may come again. This machine's own
   * programs are not counted.
   */
  take(request: Request): number {
    if (fromLoopback(request)) return 0;
    const address = this.addressOf(request);
    const pace = this.#paces.get(address) ?? new Pace(limits.requestsPerSecond, limits.requestBurst);
    this.#paces.delete(address);
    this.#paces.set(address, pace);
    this.#forget();
    return Math.ceil(pace.take(this.#now()));
  }

  /** Bytes for strangers are bounded; whoever is forgotten begins anew. */
  #forget(): void {
    for (const address of this.#paces.keys()) {
      if (this.#paces.size <= mostAddresses) return;
      this.#paces.delete(address);
    }
  }

  /** As the client named it, which only a trusted proxy can pass on. */
  #hostOf({ headers, socket }: Request): string | undefined {
    const forwarded = headers['x-forwarded-host'];
    const trusted = forwarded !== undefined && this.#trusts(socket.remoteAddress, 0);
    return trusted ? String(forwarded).split(',').at(-1)?.trim() : headers.host;
  }
}
