/** A real http server with WebSocket links, its clock in the test's hands, and clients that behave and that do not. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { LinkSink, Transport } from '../core/transport.ts';
import { Peers } from './peers.ts';
import { listenWebSocket } from './websocket.ts';

/** A link as a node sees it. */
export interface Attached {
  readonly transport: Transport;
  readonly frames: string[];
  rooms: number;
  closed: boolean;
}

export interface Opened {
  readonly client: WebSocket;
  readonly link: Attached;
  /** What the client has heard. */
  readonly heard: string[];
}

export async function waitFor(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never came about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A request for an upgrade of `target`, by hand. */
export function upgrade(target: string, more = ''): string {
  const head = 'Host: here:8080\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13';
  return `GET ${target} HTTP/1.1\r\n${head}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`;
}

export class Links {
  now = 1_000;
  draining = false;
  timers: { readonly at: number; readonly run: () => void }[] = [];
  readonly links: Attached[] = [];
  /** The server's sockets, in the order in which they came. */
  readonly sockets: Socket[] = [];
  /** Takes no more upgrades. */
  readonly stop: () => void;
  readonly #server: Server;
  readonly #clients: (WebSocket | Socket)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.sockets.push(socket));
    this.stop = listenWebSocket(server, {
      peers: new Peers({ trustProxy: [], origins: [], now: () => this.now }),
      env: {
        now: () => this.now,
        timer: (ms, run) => {
          const timer = { at: this.now + ms, run };
          this.timers.push(timer);
          return () => {
            this.timers = this.timers.filter((one) => one !== timer);
          };
        },
        turn: (run) => void setImmediate(run),
        random: Math.random,
        count: () => {},
      },
      attach: (transport) => this.#attach(transport),
      draining: () => this.draining,
    });
  }

  static async start(): Promise<Links> {
    const server = createServer((_, response) => response.end('page')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Links(server);
  }

  async end(): Promise<void> {
    for (const client of this.#clients) client instanceof WebSocket ? client.terminate() : client.destroy();
    this.stop();
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  passes(ms: number): void {
    this.now += ms;
    const due = this.timers.filter(({ at }) => at <= this.now);
    this.timers = this.timers.filter(({ at }) => at > this.now);
    for (const { run } of due) run();
  }

  /** A client, whether or not it will be let in. */
  dial(path = '/v1/ws', headers: Record<string, string> = {}): WebSocket {
    const client = new WebSocket(`ws://127.0.0.1:${this.port}${path}`, { headers, perMessageDeflate: true });
    client.on('error', () => {});
    this.#clients.push(client);
    return client;
  }

  async open(path?: string, headers?: Record<string, string>): Promise<Opened> {
    const client = this.dial(path, headers);
    const heard: string[] = [];
    client.on('message', (data, isBinary) => heard.push(isBinary ? 'binary' : data.toString()));
    await once(client, 'open');
    const link = this.links.at(-1);
    assert.ok(link);
    return { client, link, heard };
  }

  /** Speaks by hand, and closes nothing by itself: what comes back for these bytes, until the server has closed both ways. */
  async raw(request: string): Promise<string> {
    const socket = connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    this.#clients.push(socket);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.write(request);
    await once(socket, 'end');
    await waitFor('the other half to be closed', () => this.sockets.at(-1)?.destroyed === true);
    return answer;
  }

  #attach(transport: Transport): LinkSink {
    const link: Attached = { transport, frames: [], rooms: 0, closed: false };
    this.links.push(link);
    return {
      onFrame: (text) => void link.frames.push(text),
      onRoom: () => {
        link.rooms += 1;
      },
      onClosed: () => {
        assert.equal(link.closed, false, 'told once');
        link.closed = true;
      },
    };
  }
}

/** How a client's link ended: close code and reason. */
export async function closing(client: WebSocket): Promise<[number, string]> {
  const [code, reason] = (await once(client, 'close')) as [number, Buffer];
  return [code, reason.toString()];
}
