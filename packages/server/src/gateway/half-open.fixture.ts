/** A whole node behind a real http server, its clock in the test's hands, and clients that speak by hand: they need not read, nor answer. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { localBus } from '../broker/local.ts';
import { Clock } from '../core/clock.fixture.ts';
import { channel, Sender } from '../core/links.fixture.ts';
import { createNode, type HubbubNode } from '../core/node.ts';
import { openToAll } from '../core/open.fixture.ts';
import { createMemoryData } from '../store/memory/data.ts';
import { openMemory } from '../store/memory/memory.ts';
import { upgrade, waitFor } from './links.fixture.ts';
import { Peers } from './peers.ts';
import { listenWebSocket } from './websocket.ts';

const text = 1;
const close = 8;
const ping = 9;
const pong = 10;

/** A frame that a client was given; a text frame with what it says. */
export interface Given {
  readonly kind: 'push' | 'reply' | 'ping' | 'close';
  /** Of the test's clock. */
  readonly at: number;
  /** The push's name, or the close code. */
  readonly name: string;
}

/** A client on a TCP socket. Whatever of it goes out is written here. */
export class HandClient {
  readonly socket: Socket;
  readonly given: Given[] = [];
  readonly offsets: number[] = [];
  readonly answers: boolean;
  /** As long as it reads, all that the server has written comes here by itself. */
  reading = true;
  readonly #clock: Clock;
  #rest: Buffer = Buffer.alloc(0);
  #upgraded = false;
  #req = 0;

  constructor(port: number, clock: Clock, answers: boolean) {
    this.#clock = clock;
    this.answers = answers;
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.on('error', () => {});
    this.socket.on('data', (bytes: Buffer) => this.#read(bytes));
    this.socket.write(upgrade('/v1/ws'));
  }

  say(cmd: string, members: object = {}): void {
    this.#req += 1;
    this.#write(text, Buffer.from(JSON.stringify({ req: this.#req, cmd, ...members })));
  }

  /** How often it was given such a frame. */
  count(kind: Given['kind']): number {
    return this.given.filter((one) => one.kind === kind).length;
  }

  pause(): void {
    this.reading = false;
    this.socket.pause();
  }

  resume(): void {
    this.reading = true;
    this.socket.resume();
  }

  /** Reads piece by piece until that is so, and no further. */
  async readUntil(what: string, condition: () => boolean): Promise<void> {
    const pause = (): void => void this.socket.pause();
    this.socket.on('data', pause);
    await waitFor(what, () => {
      if (condition()) return true;
      this.socket.resume();
      return false;
    });
    pause();
    this.socket.off('data', pause);
  }

  #read(bytes: Buffer): void {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    if (!this.#upgraded) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#upgraded = true;
      this.#rest = this.#rest.subarray(end + 4);
    }
    for (let used = this.#take(); used > 0; used = this.#take()) this.#rest = this.#rest.subarray(used);
  }

  /** The first frame of what has come (RFC 6455, 5.2). Returns its length, 0 while it is not whole. */
  #take(): number {
    const bytes = this.#rest;
    const short = bytes[1];
    if (short === undefined) return 0;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < head) return 0;
    const length = head === 2 ? short : head === 4 ? bytes.readUInt16BE(2) : bytes.readUInt32BE(6);
    if (bytes.length < head + length) return 0;
    this.#hear((bytes[0] ?? 0) & 0x0f, bytes.subarray(head, head + length));
    return head + length;
  }

  #hear(opcode: number, payload: Buffer): void {
    const at = this.#clock.env.now();
    if (opcode === ping) {
      this.given.push({ kind: 'ping', at, name: '' });
      if (this.answers) this.#write(pong, payload);
    } else if (opcode === close) {
      this.given.push({ kind: 'close', at, name: String(payload.readUInt16BE(0)) });
    } else if (opcode === text) {
      const { push, events = [] } = JSON.parse(payload.toString()) as { push?: string; events?: { offset: number }[] };
      this.given.push({ kind: push ? 'push' : 'reply', at, name: push ?? '' });
      this.offsets.push(...events.map(({ offset }) => offset));
    }
  }

  /** The mask is 0, which changes nothing of what it masks. */
  #write(opcode: number, payload: Buffer): void {
    if (payload.length > 125) throw new Error('a client says nothing as long as that');
    this.socket.write(Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
  }
}

/** One connection: the client's end of it, and the server's. */
export interface Pair {
  readonly client: HandClient;
  readonly socket: Socket;
}

export class Hall implements AsyncDisposable {
  readonly clock = new Clock();
  readonly node: HubbubNode;
  readonly #data = createMemoryData({ now: () => 1, random: () => 0.3 });
  readonly #sender = new Sender(this.clock);
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  readonly #pairs: Pair[] = [];
  readonly #stop: () => void;

  private constructor(server: Server) {
    const { env } = this.clock;
    const peers = new Peers({ trustProxy: [], origins: [], now: env.now });
    this.node = createNode({
      env,
      store: openMemory(this.#data),
      broker: localBus(env.turn).open,
      ...openToAll,
    });
    this.#server = server;
    server.on('connection', (socket) => this.#sockets.push(socket));
    this.#stop = listenWebSocket(server, {
      env,
      peers,
      attach: (transport) => this.node.attach(transport),
      draining: () => this.node.draining,
    });
  }

  /** The sender is its first link. */
  static async open(): Promise<Hall> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const hall = new Hall(server);
    await hall.node.start();
    hall.#sender.sink = hall.node.attach(hall.#sender);
    hall.#sender.say(1, 'hello', { protocol: 1, session: crypto.randomUUID(), name: 'ann' });
    await hall.clock.settle();
    return hall;
  }

  /** Who has subscribed from the beginning, and reads. `answers`: our pings too. */
  async join(name: string, answers: boolean): Promise<Pair> {
    const client = new HandClient((this.#server.address() as AddressInfo).port, this.clock, answers);
    await waitFor('the connection', () => this.#sockets.length > this.#pairs.length);
    const pair = { client, socket: this.#sockets.at(-1) as Socket };
    this.#pairs.push(pair);
    await this.quiet();
    client.say('hello', { protocol: 1, session: crypto.randomUUID(), name });
    await this.quiet();
    client.say('subscribe', { to: [{ channel, position: '0' }] });
    await this.quiet();
    return pair;
  }

  /** Where the log ends. */
  get head(): number {
    return this.#data.log(channel).standing.head;
  }

  async send(count: number, bytes: number): Promise<void> {
    this.#sender.send(Array.from({ length: count }, () => ({ text: 'x'.repeat(bytes), concerns: [] })));
    await waitFor('all to be taken', () => this.#sender.idle);
    await this.quiet();
  }

  /** Sends until the system takes no more for that client, and its link is full. */
  async fill({ socket }: Pair): Promise<void> {
    for (let sent = 0; socket.writableLength < 64 * 1_024; sent += 16) {
      if (sent > 4_000) throw new Error('its link never was full');
      await this.send(16, 15_000);
    }
  }

  /** So many seconds, one by one: all that is to come of one has come before the next. */
  async seconds(count: number, each: () => Promise<void> = async () => {}): Promise<void> {
    for (let second = 0; second < count; second++) {
      await each();
      await this.clock.pass(1_000);
      await this.quiet();
    }
  }

  /** Nothing is under way any more: both ends of each connection have counted the same bytes, and go on doing so. */
  async quiet(): Promise<void> {
    const end = performance.now() + 10_000;
    let before: string | undefined;
    for (let same = 0; same < 2; ) {
      if (performance.now() > end) throw new Error('never came about: quiet');
      await this.clock.settle();
      const now = this.#counted();
      same = now !== undefined && now === before ? same + 1 : 0;
      before = now;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await this.node.close();
    for (const { client } of this.#pairs) client.socket.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** What all have counted; undefined while some bytes are between. */
  #counted(): string | undefined {
    const counted: number[] = [];
    for (const { client, socket } of this.#pairs) {
      if (socket.destroyed) continue;
      if (socket.bytesRead !== client.socket.bytesWritten) return undefined;
      if (client.reading && client.socket.bytesRead !== socket.bytesWritten) return undefined;
      counted.push(socket.bytesRead, socket.bytesWritten, socket.writableLength);
    }
    return counted.join(' ');
  }
}
