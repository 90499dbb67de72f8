import { connect, type Socket } from 'node:net';

const text = 1;
const close = 8;
const ping = 9;
const pong = 10;

/** What one read brings is used up before the next one begins, so all links of a process read into the same memory. */
const shared = Buffer.allocUnsafeSlow(256 * 1_024);

export interface FrameLinkOptions {
  readonly port: number;
  /** Where it asks for the upgrade. Empty: there is none, frames come from the first byte on. */
  readonly path: string;
}

/** Who has the link. What it throws ends the link, with that as the reason. */
export interface FrameSink {
  /** From here on there are frames. */
  onOpen(): void;
  /** A text, `bytes[at … at + length]`: only until this returns. */
  onText(bytes: Buffer, at: number, length: number): void;
  /** It has ended, and not by `end` or `cut`. */
  onEnded(why: Error): void;
}

/**
 * A WebSocket that does as little as can be for it, so that thousands fit into a process: a TCP socket, an upgrade by hand, frames taken by
 * their length (RFC 6455, section 5.2). It answers pings.
 */
export class FrameLink {
  readonly #socket: Socket;
  readonly #sink: FrameSink;
  /** The beginning of a frame, or of the answer to the upgrade, whose end is yet to come. */
  #rest: Buffer | undefined;
  #upgraded = false;
  #over = false;

  constructor({ port, path }: FrameLinkOptions, sink: FrameSink) {
    this.#sink = sink;
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread: { buffer: shared, callback: (bytes) => this.#read(bytes) } });
    this.#socket.on('connect', () => {
      if (path === '') this.#open();
      else this.#socket.write(upgrade(path, port));
    });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('closed')));
  }

  say(words: string): void {
    this.#socket.write(masked(text, Buffer.from(words)));
  }

  /** Stops reading: what the server sends stays in the kernel, and then with the server. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends it without a word. */
  end(): void {
    this.#over = true;
    this.#socket.destroy();
  }

  /** The same as if the way to the server had broken: a reset. */
  cut(): void {
    this.#over = true;
    this.#socket.resetAndDestroy();
  }

  #fail(why: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink.onEnded(why);
  }

  #read(length: number): boolean {
    const bytes = this.#rest ? Buffer.concat([this.#rest, shared.subarray(0, length)]) : shared.subarray(0, length);
    this.#rest = undefined;
    try {
      const used = this.#upgraded ? this.#frames(bytes, 0) : this.#answer(bytes);
      // A copy: the next link reads into the same memory.
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
    this.#open();
    return this.#frames(bytes, end + 4);
  }

  #open(): void {
    this.#upgraded = true;
    this.#sink.onOpen();
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
    if (opcode === text) this.#sink.onText(bytes, at, length);
    else if (opcode === ping) this.#socket.write(masked(pong, bytes.subarray(at, at + length)));
    else if (opcode === close) throw new Error(`closed by the server: ${bytes.toString('utf8', at + 2, at + length)}`);
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
