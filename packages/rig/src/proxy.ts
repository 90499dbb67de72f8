import { connect, createServer, type Server, type Socket } from 'node:net';
import { OneWay, reset, type Weather } from './one-way.ts';

/** Up: from the client to the server; down: from the server to the client. Left out: as it is. */
export interface Ways {
  readonly up?: Weather;
  readonly down?: Weather;
}

/** One client's TCP connection through the proxy. */
export class ProxyLink {
  readonly up: OneWay;
  readonly down: OneWay;
  readonly #ends: readonly [Socket, Socket];

  constructor(client: Socket, server: Socket, alter: (bytes: Buffer, link: ProxyLink) => Buffer) {
    this.#ends = [client, server];
    this.up = new OneWay(client, server, (bytes) => bytes);
    this.down = new OneWay(server, client, (bytes) => alter(bytes, this));
  }

  /** Changes the weather. A link that has lost bytes or an end has no way back: it is reset when the weather clears. */
  set({ up, down }: Ways): void {
    if (up) this.up.set(up);
    if (down) this.down.set(down);
    if (this.up.broken || this.down.broken) this.reset();
  }

  /** Closes both ends in good order, as a proxy does that is told to stop. */
  cut(): void {
    for (const end of this.#ends) end.destroy();
  }

  /** Both ends are told that the connection does not exist. */
  reset(): void {
    for (const end of this.#ends) reset(end);
  }
}

/** Where a proxy hands on to. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Stands between clients and a server, as the network would, and does to the bytes what one tells it. */
export class FaultProxy implements AsyncDisposable {
  /** Those that are open now. */
  readonly links = new Set<ProxyLink>();
  /** How many there have been. */
  opened = 0;
  /** What the server's bytes become on their way: to plant what no network does. */
  alter: (bytes: Buffer, link: ProxyLink) => Buffer = (bytes) => bytes;
  readonly #server: Server;
  readonly #target: Target;
  #ways: Required<Ways> = { up: 'pass', down: 'pass' };
  readonly #gone = { up: 0, down: 0 };

  private constructor(target: Target) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** Listens on a free port of 127.0.0.1, and hands on to `target`: a port of it, or of another machine. */
  static async open(target: number | Target): Promise<FaultProxy> {
    const proxy = new FaultProxy(typeof target === 'number' ? { host: '127.0.0.1', port: target } : target);
    const listening = Promise.withResolvers<void>();
    proxy.#server.once('error', listening.reject).listen(0, '127.0.0.1', listening.resolve);
    await listening.promise;
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  /** How many bytes it has handed on so far, each way. */
  get passed(): { readonly up: number; readonly down: number } {
    const { up, down } = this.#gone;
    const links = [...this.links];
    return {
      up: links.reduce((sum, link) => sum + link.up.passed, up),
      down: links.reduce((sum, link) => sum + link.down.passed, down),
    };
  }

  /** Changes the weather, for the links that there are and those that will be. */
  set(ways: Ways): void {
    this.#ways = { ...this.#ways, ...ways };
    for (const link of this.links) link.set(ways);
  }

  /** Closes all links. Answers how many that were. */
  cut(): number {
    return this.#each((link) => link.cut());
  }

  /** Resets all links. Answers how many that were. */
  reset(): number {
    return this.#each((link) => link.reset());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    this.reset();
    await closed.promise;
  }

  #each(act: (link: ProxyLink) => void): number {
    const links = [...this.links];
    for (const link of links) act(link);
    return links.length;
  }

  #accept(client: Socket): void {
    const server = connect({ ...this.#target, allowHalfOpen: true });
    for (const socket of [client, server]) socket.setNoDelay(true);
    const link = new ProxyLink(client, server, (bytes, from) => this.alter(bytes, from));
    this.links.add(link);
    this.opened += 1;
    let open = 2;
    for (const socket of [client, server]) {
      socket.once('close', () => {
        open -= 1;
        if (open > 0 || !this.links.delete(link)) return;
        this.#gone.up += link.up.passed;
        this.#gone.down += link.down.passed;
      });
    }
    link.set(this.#ways);
  }
}
