import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fastifyStatic from '@fastify/static';
import { fastify } from 'fastify';
import { guestIdentity } from './auth/guest.ts';
import { secretFile } from './auth/secret.ts';
import { localBus } from './broker/local.ts';
import { openRooms } from './chat/authority.ts';
import { type Config, StartError } from './config.ts';
import { createNode } from './core/node.ts';
import { processEnv } from './env.ts';
import { listenWebSocket } from './gateway/websocket.ts';
import { listenerOf } from './processes.ts';
import { openSqlite, SqliteOpenError } from './store/sqlite/open.ts';

export interface Server {
  readonly url: string;
  /** Ends links, store and listening. Closing twice does nothing. */
  close(): Promise<void>;
}

export interface ServerSinks {
  /** What an operator should read. */
  note(text: string): void;
  /** It cannot go on. */
  fatal(text: string): void;
}

/** Names this program to its clients. */
const build = '0.1.0';
const page = resolve(import.meta.dirname, '../../web/dist');

/** Puts a server together and starts it: the one place that names implementations. Throws StartError. */
export async function startServer({ host, port, data }: Config, sinks: ServerSinks): Promise<Server> {
  const env = processEnv();
  const store = await openSqlite(data, { onFatal: (error) => sinks.fatal(error.message), onNote: sinks.note }).catch((error: unknown) => {
    throw error instanceof SqliteOpenError ? new StartError(error.message) : error;
  });
  try {
    const identity = guestIdentity({
      secret: secretFile(join(data, 'secret')),
      adminToken: secretFile(join(data, 'admin.token')),
      random: env.random,
    });
    const bus = localBus(env.turn);
    const node = createNode({ env, store, broker: bus.open, authority: openRooms(), identity, build });
    const http = await listen(host, port);
    const stopUpgrades = listenWebSocket(http.server, { env, attach: (transport) => node.attach(transport) });
    await node.start();
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
    const record = join(data, 'server.json');
    writeFileSync(record, JSON.stringify({ url, pid: process.pid }), { mode: 0o600 });
    let closing: Promise<void> | undefined;
    const close = async (): Promise<void> => {
      stopUpgrades();
      await node.close();
      await http.close();
      await store.close();
      rmSync(record, { force: true });
    };
    return { url, close: () => (closing ??= close()) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function listen(host: string, port: number) {
  const app = fastify({ forceCloseConnections: true });
  if (existsSync(join(page, 'index.html'))) {
    await app.register(fastifyStatic, { root: page });
    // Every view has a URL of its own; the page finds out which it is.
    app.setNotFoundHandler((request, reply) => (request.method === 'GET' ? reply.sendFile('index.html') : reply.code(404).send()));
  } else app.get('/*', (_, reply) => reply.type('text/plain').send('Hubbub runs. Its page is not built: npm run build:web\n'));
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new StartError(`port ${port} of ${host} is in use${listenerOf(port)}; --port takes another one, 0 any that is free`);
    if (code === 'EACCES') throw new StartError(`port ${port} may not be opened by this user; ports from 1024 on may`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') throw new StartError(`--host ${host}: this machine has no such address`, 2);
    throw error;
  }
  const address = app.server.address();
  return { server: app.server, port: typeof address === 'object' && address ? address.port : port, close: () => app.close() };
}
