/** The client of Socket.IO, which is installed with the peers: as much of it as a chat needs. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

export interface SocketIoSocket {
  readonly connected: boolean;
  on(event: string, listener: (...values: readonly unknown[]) => void): unknown;
  /** Resolves with what the server answers. Rejects when the last try was not answered in time. */
  emitWithAck(event: string, ...values: readonly unknown[]): Promise<unknown>;
  close(): unknown;
}

export interface SocketIoOptions {
  readonly path: string;
  readonly addTrailingSlash: boolean;
  readonly transports: readonly string[];
  readonly auth: Readonly<Record<string, unknown>>;
  /** How often more than once something is sent, and how long each time an answer is waited for, in milliseconds. */
  readonly retries: number;
  readonly ackTimeout: number;
}

/** Connects a client. Throws where the peers are not installed. */
export function socketIo(url: string, options: SocketIoOptions): SocketIoSocket {
  const require = createRequire(resolve(import.meta.dirname, '../peers/package.json'));
  const { io } = require('socket.io-client') as { io: (url: string, options: SocketIoOptions) => SocketIoSocket };
  return io(url, options);
}
