import { connect, type Socket } from 'node:net';
import type { Begin, Dialect, Step } from './dialects.ts';
import type { Tally } from './tally.ts';

const text = 1;
const close = 8;
const ping = 9;
const pong = 10;

/** What one read brings is used up before the next one begins, so all clients of a process read into the same memory. */
const shared = Buffer.allocUnsafeSlow(256 * 1_024);

export interface CountingClientOptions {
  readonly port: number;
  readonly name: string;
  readonly dialect: Dialect;
  readonly tally: Tally;
}

/**
 * A subscriber that counts what it gets, and does as little as can be for it: a TCP socket, an upgrade by hand, frames taken by their
 * length (RFC 6455, section 5.2).
 */
export class CountingClient {
  /** Resolves when events come from now on. Rejects when the server says no. */
  readonly ready: Promise<void>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #dialect: Dialect;
  readonly #tally: Tally;
  readonly #socket: Socket;
  readonly #name: string;
  /** The beginning of a frame, or of the answer to the upgrade, whose end is yet to come. */
  #rest: Buffer | undefined;
  #upgraded = false;
  #begin: Begin | undefined;
  #closing = false;
  /** The number of the last event it has. */
  cursor = 0;
  /** Whether it says how late events are. */
  timed = true;

  constructor({ port, name, dialect, tally }: CountingClientOptions) {
    this.ready = this.#ready.promise;
    this.#dialect = dialect;
    this.#tally = tally;
    this.#name = name;
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread: { buffer: shared, callback: (bytes) => this.#read(bytes) } });
    this.#socket.on('connect', () => {
      if (dialect.path === '') this.#greet();
      else this.#socket.write(upgrade(dialect.path, port));
    });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('closed')));
  }

  /** Stops reading: what the server sends stays in the kernel, and then with the server. */
  pause(): void {
    this.timed = false;
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Says that it is there. */
  ping(): void {
    this.#socket.write(masked(text, Buffer.from(this.#dialect.ping)));
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #fail(why: Error): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#ready.reject(why);
    // Who was not let in tells whoever waits for it; nobody has lost it.
    if (this.#begin) this.#tally.ended(why.message);
  }

  #read(length: number): boolean {
    const bytes = this.#rest ? Buffer.concat([this.#rest, shared.subarray(0, length)]) : shared.subarray(0, length);
    this.#rest = undefined;
    try {
      const used = this.#upgraded ? this.#frames(bytes, 0) : this.#answer(bytes);
      // A copy: the next client reads into the same memory.
      if (used < bytes.length) this.#rest = Buffer.from(bytes.subarray(used));
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      this.#socket.destroy();
    }
    return true;
  }

  /** The answer to the upgrade. Returns how many bytes are used up. */
  #answer(bytes: Buffer): number {
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return 0;
    if (!bytes.toString('latin1', 0, end).startsWith('HTTP/1.1 101')) throw new Error(bytes.toString('latin1', 0, end));
    this.#greet();
    return this.#frames(bytes, end + 4);
  }

  /** From here on there are frames. */
  #greet(): void {
    this.#upgraded = true;
    this.#take(this.#dialect.hello(this.#name));
  }

  /** All whole frames from `at` on. Returns where the first that is not whole begins. */
  #frames(bytes: Buffer, start: number): number {
    let at = start;
    while (bytes.length - at >= 2) {
      const short = (bytes[at + 1] ?? 0) & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length - at < head) break;
      // The upper half of a length in eight bytes is 0: no frame here has four gigabytes.
      const length = head === 2 ? short : head === 4 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
      if (bytes.length - at < head + length) break;
      this.#frame(bytes[at] ?? 0, bytes, at + head, length);
      at += head + length;
    }
    return at;
  }

  #frame(first: number, bytes: Buffer, at: number, length: number): void {
    const opcode = first & 0x0f;
    if (opcode === text && this.#begin && this.#dialect.carries(bytes, at)) {
      this.cursor = this.#tally.count(bytes, at, length, this.#begin.numberAt, this.cursor, this.timed);
    } else if (opcode === text) this.#take(this.#dialect.answer(bytes.toString('utf8', at, at + length)));
    else if (opcode === ping) this.#socket.write(masked(pong, bytes.subarray(at, at + length)));
    else if (opcode === close) throw new Error(`closed by the server: ${bytes.toString('utf8', at + 2, at + length)}`);
  }

  #take({ say, begin }: Step): void {
    if (say !== undefined) this.#socket.write(masked(text, Buffer.from(say)));
    if (!begin) return;
    this.#begin = begin;
    this.cursor = begin.cursor;
    this.#ready.resolve();
  }
}

function upgrade(path: string, port: number): string {
  const key = Buffer.from('a bench of chats').toString('base64');
  const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`;
  return `${head}Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
}

/** A client's frame. The mask is 0, which changes nothing of what it masks: here are no proxies to be protected. */
function masked(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  if (length > 65_535) throw new Error('a client says nothing as long as that');
  const head = Buffer.alloc(length < 126 ? 6 : 8);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (length < 126 ? length : 126);
  if (length >= 126) head.writeUInt16BE(length, 2);
  return Buffer.concat([head, payload]);
}
