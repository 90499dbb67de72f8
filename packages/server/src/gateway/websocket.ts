import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Code, codes } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import { limits } from '@hubbub/protocol/limits';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { Frame, LinkSink, Transport } from '../core/transport.ts';
import { originAllowed } from './origin.ts';

/** What a link may hold unsent; above it the client is slow, and is given nothing more. */
const window = 64 * 1_024;
/** How long a peer may take to answer our close. */
const closePatience = 1_000;
const path = '/v1/ws';

export interface WebSocketParts {
  readonly env: Env;
  attach(transport: Transport): LinkSink;
}

/** Takes the WebSocket upgrades of an http server. Returns what stops it; open links are ended by their node. */
export function listenWebSocket(server: Server, parts: WebSocketParts): () => void {
  const upgrader = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    maxFragments: limits.fragments,
    // Raw writes and compression do not go together, and a shared frame is compressed by nobody a thousand times.
    perMessageDeflate: false,
    clientTracking: false,
  });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', () => {});
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    if (pathname !== path) return refuse(socket, '404 Not Found', { title: 'There is nothing here to upgrade', status: 404 });
    if (!originAllowed(request)) {
      return refuse(socket, '403 Forbidden', { title: 'This page may not connect here', status: 403, code: 'forbidden' });
    }
    upgrader.handleUpgrade(request, socket, head, (client) => new WebSocketTransport(client, socket as Socket, parts));
  };
  server.on('upgrade', onUpgrade);
  return () => {
    server.off('upgrade', onUpgrade);
    upgrader.close();
  };
}

function refuse(socket: Duplex, status: string, problem: { title: string; status: number; code?: Code }): void {
  const body = JSON.stringify(problem);
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  socket.end(head + body);
}

/** One WebSocket. Frames go straight to its TCP socket: header and payload are one buffer, made once for all who get the frame. */
class WebSocketTransport implements Transport {
  readonly traits = { name: 'websocket', signals: true, presence: true } as const;
  readonly #client: WebSocket;
  readonly #socket: Socket;
  readonly #env: Env;
  readonly #sink: LinkSink;
  #heardAt: number;
  #kernelQueue = 0;

  constructor(client: WebSocket, socket: Socket, { env, attach }: WebSocketParts) {
    this.#client = client;
    this.#socket = socket;
    this.#env = env;
    this.#heardAt = env.now();
    const sink = attach(this);
    this.#sink = sink;
    socket.on('data', () => {
      this.#heardAt = env.now();
    });
    socket.on('drain', () => sink.onRoom());
    client.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    // ws closes the link by itself; what it says is in the close code.
    client.on('error', () => {});
    client.on('close', () => sink.onClosed());
  }

  write(frame: Frame): void {
    if (this.#client.readyState === WebSocket.OPEN) this.#socket.write(frame.encoded('websocket', encodeFrame));
  }

  room(): number {
    return window - this.#socket.writableLength;
  }

  heardAt(): number {
    if (this.#socket.writableLength > 0) {
      // While bytes wait here, the kernel having taken some means that the peer takes them; writableLength does not move by that.
      const handle = (this.#socket as Socket & { readonly _handle?: { readonly writeQueueSize?: number } | null })._handle;
      const queue = handle?.writeQueueSize ?? 0;
      if (queue < this.#kernelQueue) this.#heardAt = this.#env.now();
      this.#kernelQueue = queue;
    }
    return this.#heardAt;
  }

  ping(): void {
    if (this.#client.readyState === WebSocket.OPEN) this.#client.ping();
  }

  close(code: Code, text: string): void {
    // A reason has at most 123 bytes (RFC 6455, 5.5); the code is what counts, the text has gone out as a push.
    this.#client.close(codes[code].close ?? 1008, `${code}: ${text}`.slice(0, 100).replace(/[^\x20-\x7e]/g, '?'));
    this.#env.timer(closePatience, () => this.#socket.destroy());
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    // Not JSON, so that the node refuses it like any other frame that it cannot read.
    this.#sink.onFrame(isBinary ? '' : data.toString());
  }
}

/** A server's text frame in one piece: 0x81, the length in 1, 3 or 9 bytes, no mask (RFC 6455, 5.2). */
export function encodeFrame(text: string): Uint8Array {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(head + length);
  bytes[0] = 0x81;
  if (head === 2) bytes[1] = length;
  else if (head === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.write(text, head);
  return bytes;
}
