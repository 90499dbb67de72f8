import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Code, codes, problem } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import { limits } from '@hubbub/protocol/limits';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { Frame, type LinkSink, type Transport, type TransportTraits } from '../core/transport.ts';
import { fromLoopback } from './loopback.ts';
import type { Peers } from './peers.ts';

/** What a link may hold unsent; above it the client is slow, and is given nothing more. Not below a socket's high-water mark, or `drain` would not tell. */
const window = 64 * 1_024;
/** How long a peer may take to answer our close. */
const closePatience = 1_000;
/** Pieces in which one message may arrive: a frame in pieces of one byte would take a hundred times its size. */
const bufferedChunks = 4_096;
export const webSocketPath = '/v1/ws';

export interface WebSocketParts {
  readonly env: Env;
  readonly peers: Peers;
  attach(transport: Transport): LinkSink;
  /** Whether the node is going, so that links are for other nodes to take. */
  draining(): boolean;
  /** The server is somebody else's: an offer to upgrade anything but our path meets what it would have met without us. */
  readonly shared?: boolean;
}

/** Takes the WebSocket upgrades of an http server. Returns what stops it; open links are ended by their node. */
export function listenWebSocket(server: Server, parts: WebSocketParts): () => void {
  const upgrader = new WebSocketServer({
    noServer: true,
    maxPayload: limits.frameBytes,
    maxFragments: limits.fragments,
    maxBufferedChunks: bufferedChunks,
    // Raw writes and compression do not go together, and a shared frame is compressed by nobody a thousand times.
    perMessageDeflate: false,
    clientTracking: false,
    // It would answer for as long as somebody asks and does not read.
    autoPong: false,
    WebSocket: LinkSocket,
  });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (parts.shared && !isOurs(request)) return;
    socket.on('error', () => socket.destroy());
    const retryAfter = parts.peers.take(request);
    if (retryAfter > 0) {
      const problem = { title: 'Too many links from this address', status: 429, code: 'too_fast', retryAfter } as const;
      return refuse(socket, '429 Too Many Requests', problem);
    }
    if (!isOurs(request)) {
      return refuse(socket, '404 Not Found', { title: 'There is nothing here to upgrade', status: 404 });
    }
    if (!parts.peers.originAllowed(request)) {
      return refuse(socket, '403 Forbidden', { title: 'This page may not connect here', status: 403, code: 'forbidden' });
    }
    // A load balancer that has not noticed yet takes this client to another node; from behind an upgrade it no longer could.
    if (parts.draining()) {
      return refuse(socket, '503 Service Unavailable', { title: 'This server is going', status: 503, code: 'draining' });
    }
    const loopback = fromLoopback(request);
    upgrader.handleUpgrade(request, socket, head, (client) => new WebSocketTransport(client, socket as Socket, loopback, parts));
  };
  server.on('upgrade', onUpgrade);
  const restore = parts.shared ? keepOrdinary(server) : () => {};
  return () => {
    restore();
    server.off('upgrade', onUpgrade);
    upgrader.close();
  };
}

function isOurs({ url }: IncomingMessage): boolean {
  return url?.split('?', 1)[0] === webSocketPath;
}

/** Where @types/node does not have it. */
type Upgradable = Server & { shouldUpgradeCallback?: (request: IncomingMessage) => boolean };

/**
 * A server without listeners for upgrades takes a request that offers one (h2c, as many programs do) as an ordinary request. We are a
 * listener now, and such requests would wait for ever for an answer. Returns what puts it back as it was.
 */
function keepOrdinary(server: Upgradable): () => void {
  const before = server.shouldUpgradeCallback;
  if (!before) return () => {};
  const now = (request: IncomingMessage): boolean =>
    isOurs(request) || (server.listenerCount('upgrade') > 1 && before.call(server, request));
  server.shouldUpgradeCallback = now;
  return () => {
    if (server.shouldUpgradeCallback === now) server.shouldUpgradeCallback = before;
  };
}

interface Refused {
  readonly title: string;
  readonly status: number;
  readonly code?: Code;
  readonly retryAfter?: number;
}

function refuse(socket: Duplex, status: string, problem: Refused): void {
  const body = JSON.stringify(problem);
  const later = problem.retryAfter === undefined ? '' : `Retry-After: ${Math.ceil(problem.retryAfter / 1_000)}\r\n`;
  const head = `HTTP/1.1 ${status}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${later}Connection: close\r\n\r\n`;
  // Servers' sockets may stay half open: whoever does not close its half would keep the other.
  socket.once('finish', () => socket.destroy());
  socket.end(head + body);
}

/** A WebSocket that lets its transport say why, where ws ends the link by itself for what it has read: it does so with a status alone. */
class LinkSocket extends WebSocket {
  onDefect: ((status: number) => void) | undefined;

  override close(status?: number, reason?: string | Buffer): void {
    const { onDefect } = this;
    if (status !== undefined && reason === undefined && onDefect) onDefect(status);
    else super.close(status, reason);
  }
}

/** Links that have been written to in this turn. */
let corked: WebSocketTransport[] = [];

function uncorkAll(): void {
  const links = corked;
  corked = [];
  for (const link of links) link.flush();
}

/** One WebSocket. Frames go straight to its TCP socket: header and payload are one buffer, made once for all who get the frame. */
class WebSocketTransport implements Transport {
  readonly traits: TransportTraits;
  readonly #client: LinkSocket;
  readonly #socket: Socket;
  readonly #env: Env;
  readonly #sink: LinkSink;
  #corked = false;
  #heardAt: number;
  /** At the last look: whether bytes waited, and how many the kernel had taken. */
  #waited = false;
  #taken = 0;
  #cancelPatience: (() => void) | undefined;

  constructor(client: LinkSocket, socket: Socket, loopback: boolean, { env, attach }: WebSocketParts) {
    this.traits = { name: 'websocket', signals: true, presence: true, loopback };
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
    client.onDefect = (status) => this.#defect(status);
    client.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    client.on('ping', (data) => {
      if (this.room() > 0 && client.readyState === WebSocket.OPEN) client.pong(data);
    });
    // It has ended the link by itself, and what there was to say is in the close code.
    client.on('error', () => {});
    client.on('close', () => {
      this.#cancelPatience?.();
      sink.onClosed();
    });
  }

  write(frame: Frame, now = false): void {
    // Behind our close frame nothing is read.
    if (this.#client.readyState !== WebSocket.OPEN) return;
    if (!this.#corked && !now) {
      // What one turn brings for a link leaves in one system call.
      this.#corked = true;
      this.#socket.cork();
      corked.push(this);
      // One for all links that this turn writes to: a thousand readers of one frame are one errand.
      if (corked.length === 1) process.nextTick(uncorkAll);
    }
    this.#socket.write(frame.encoded('websocket', encodeFrame));
    // It leaves behind what this turn had written before.
    if (now) this.flush();
  }

  flush(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  room(): number {
    return window - this.#socket.writableLength;
  }

  heardAt(): number {
    const taken = takenByKernel(this.#socket);
    // Only what had to wait tells: an empty kernel buffer takes megabytes for a peer that has vanished.
    if (this.#waited && taken > this.#taken) this.#heardAt = this.#env.now();
    this.#waited = this.#socket.writableLength > 0;
    this.#taken = taken;
    return this.#heardAt;
  }

  ping(): void {
    if (this.#client.readyState === WebSocket.OPEN) this.#client.ping();
  }

  close(code: Code): void {
    if (this.#client.readyState === WebSocket.CLOSED) return;
    // A peer that is closing already may take its time as well.
    this.#cancelPatience ??= this.#env.timer(closePatience, () => this.#socket.destroy());
    if (this.#client.readyState === WebSocket.OPEN) this.#client.close(codes[code].close ?? 1008, code);
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    // Not JSON, so that the node refuses it like any other frame that it cannot read.
    this.#sink.onFrame(isBinary ? '' : data.toString());
  }

  /** ws cannot read on. 1008 and 1009: too many pieces, too many bytes; anything else was no WebSocket frame, or no UTF-8. */
  #defect(status: number): void {
    const code = status === 1008 || status === 1009 ? 'frame_too_large' : 'bad_frame';
    const text =
      code === 'bad_frame'
        ? 'a frame is one text message'
        : `a frame has at most ${limits.frameBytes} bytes in ${limits.fragments} fragments`;
    this.write(new Frame(JSON.stringify({ push: 'error', error: problem({ code, text }) })));
    this.close(code);
  }
}

/** Bytes that have left the process. `writableLength` does not tell: it counts a write until the kernel has taken all of it. */
function takenByKernel(socket: Socket): number {
  const { _handle } = socket as Socket & { readonly _handle?: { readonly bytesWritten?: number; readonly writeQueueSize?: number } | null };
  return (_handle?.bytesWritten ?? 0) - (_handle?.writeQueueSize ?? 0);
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
