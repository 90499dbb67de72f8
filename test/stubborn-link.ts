/**
 * A WebSocket that obeys nobody: it ignores every close, of the WebSocket and of the connection, goes on writing frames for as long as the
 * kernel takes them, and keeps a record of all that arrives.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { until } from '@hubbub/rig/servers/until';

export interface Arrived {
  /** Of `performance.now()`. */
  readonly at: number;
  readonly text: string;
}

const textFrame = 1;
const closeFrame = 8;

export class StubbornLink implements Disposable {
  /** Text frames, in the order in which they came. */
  readonly arrived: Arrived[] = [];
  /** When the server's close frame came, and when the connection ended. */
  closedAt: number | undefined;
  endedAt: number | undefined;
  /** Frames that it has written since the server closed. */
  wroteAfterClose = 0;
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #upgraded = false;
  #req = 0;

  private constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.endedAt ??= performance.now();
    });
    this.#socket.on('data', (bytes: Buffer) => this.#take(bytes));
    const key = randomBytes(16).toString('base64');
    const head = `Host: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}`;
    this.#socket.write(`GET /v1/ws HTTP/1.1\r\n${head}\r\n\r\n`);
  }

  /** Opens a link and says hello with the token; resolves with the link when there was an answer, or the end. */
  static async open(port: number, token: string, patience?: number): Promise<StubbornLink> {
    const link = new StubbornLink(port);
    const hello = { protocol: 1, session: crypto.randomUUID(), token };
    try {
      await until('the upgrade', () => link.#upgraded || link.endedAt !== undefined, patience);
      const answer = link.say('hello', hello);
      await until(
        'an answer to hello',
        () => link.answerTo(answer) !== undefined || link.closedAt !== undefined || link.endedAt !== undefined,
        patience,
      );
      return link;
    } catch (error) {
      link[Symbol.dispose]();
      throw error;
    }
  }

  /** Whether hello was answered with a welcome: nothing that is not let in ever gets one. */
  get letIn(): boolean {
    return this.answerTo(1)?.includes('"user"') === true;
  }

  /** What came in answer to the command of this number. */
  answerTo(req: number): string | undefined {
    return this.arrived.find(({ text }) => text.startsWith(`{"res":${req},`))?.text;
  }

  /** Gives a command, whatever has become of the link. Its number. */
  say(cmd: string, members: object): number {
    this.#req += 1;
    this.#write(JSON.stringify({ req: this.#req, cmd, ...members }));
    return this.#req;
  }

  /** Events that came after `from`. */
  eventsAfter(from: number): readonly Arrived[] {
    return this.arrived.filter(({ at, text }) => at > from && text.startsWith('{"push":"events"'));
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #write(text: string): void {
    if (this.closedAt !== undefined && this.#socket.writable) this.wroteAfterClose += 1;
    const payload = Buffer.from(text);
    const head = Buffer.alloc(payload.length < 126 ? 2 : 4);
    head[0] = 0x80 | textFrame;
    head[1] = 0x80 | (payload.length < 126 ? payload.length : 126);
    if (head.length === 4) head.writeUInt16BE(payload.length, 2);
    // A mask of zeros is a mask.
    if (this.#socket.writable) this.#socket.write(Buffer.concat([head, Buffer.alloc(4), payload]));
  }

  #take(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (!this.#upgraded) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#upgraded = this.#bytes.subarray(0, end).toString().startsWith('HTTP/1.1 101 ');
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    while (this.#upgraded && this.#frame());
  }

  /** Takes one frame from what has come (RFC 6455, 5.2: a server's has no mask). Says whether there was a whole one. */
  #frame(): boolean {
    const bytes = this.#bytes;
    const [first = 0, second = 0] = bytes;
    const short = second & 0x7f;
    const head = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < head) return false;
    const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (bytes.length < head + length) return false;
    const at = performance.now();
    const kind = first & 0x0f;
    if (kind === textFrame) this.arrived.push({ at, text: bytes.toString('utf8', head, head + length) });
    if (kind === closeFrame) this.closedAt ??= at;
    this.#bytes = bytes.subarray(head + length);
    return true;
  }
}
