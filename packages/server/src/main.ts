import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Env } from '@hubbub/protocol/env';
import { uuidv7 } from '@hubbub/protocol/id';
import { api } from './api/api.ts';
import { guests, guestToken } from './auth/guest.ts';
import { openIdentity } from './auth/identity.ts';
import { jwts } from './auth/jwt.ts';
import type { Keys } from './auth/keys.ts';
import { secretFile } from './auth/secret.ts';
import type { Verifier } from './auth/verifier.ts';
import { localBus } from './broker/local.ts';
import { chatAuthority } from './chat/authority.ts';
import { beginRooms, offerOwnership } from './chat/begin.ts';
import type { Config } from './config.ts';
import { createNode } from './core/node.ts';
import { processEnv } from './env.ts';
import { openHttp } from './gateway/http.ts';
import { fromLoopback } from './gateway/loopback.ts';
import { Peers } from './gateway/peers.ts';
import { listenWebSocket } from './gateway/websocket.ts';
import { keysOf } from './main/keys.ts';
import { ServerRecord } from './main/record.ts';
import { startError } from './main/start-error.ts';
import { openStore } from './main/store.ts';
import { openPresence } from './presence/presence.ts';
import { openLog } from './telemetry/log.ts';
import { openMetrics } from './telemetry/metrics.ts';

export { type Config, type Given, isLoopback, readConfig, StartError } from './config.ts';
export { backupStore, checkStore, type FolderWork, makeToken, renewStore, restoreStore, trimStore } from './main/folder.ts';

export interface Server {
  /** Where it listens. */
  readonly url: string;
  /** Whoever opens this first owns the server; undefined once somebody does. */
  readonly ownerLink: string | undefined;
  /** Ends links, store and listening. Closing twice closes once. */
  close(): Promise<void>;
}

export interface ServerSinks {
  /** What an operator should read. */
  note(text: string): void;
  /** It cannot go on: nothing is acknowledged any more, and the process should end. */
  fatal(text: string): void;
}

/** Names this program to its clients. */
const build = '0.1.0';
const page = resolve(import.meta.dirname, '../../web/dist');
/** Made at the first start, readable by the owner alone: tokens that are known as they are. */
const adminTokenName = 'admin.token';
const serviceKeyName = 'service.key';
const calendar = Date.now;

/** Says what is wrong with the key that tokens are to be checked with; nothing is started, and nothing fetched. Throws StartError. */
export function checkKey({ auth }: Config): void {
  if (auth.mode !== 'jwt') return;
  try {
    jwts({ ...auth, now: calendar });
  } catch (error) {
    throw startError(error);
  }
}

/** Puts a server together and starts it: the one place that names implementations. Throws StartError. */
export async function startServer(config: Config, sinks: ServerSinks): Promise<Server> {
  const { host, port, data, drainMs, auth, origins, trustProxy, baseUrl, logLevel } = config;
  const record = new ServerRecord(join(data, 'server.json'));
  await using opened = new AsyncDisposableStack();
  try {
    const fatal = (text: string): void => {
      record.remove();
      sinks.fatal(text);
    };
    const store = await openStore(config, { onFatal: fatal, onNote: sinks.note });
    opened.defer(() => store.close());
    // The folder is ours, so whoever wrote this has gone.
    record.remove();
    const env = processEnv();
    const { random } = env;
    const log = openLog(logLevel);
    const keys = auth.mode === 'guest' ? await keysOf(store, { data, secret: auth.secret }) : undefined;
    const id = (): string => uuidv7({ now: calendar, random });
    await beginRooms(store, ['room:general']);
    const code = await offerOwnership(store, { id, random, digest });
    const node = createNode({
      env,
      store,
      broker: localBus(env.turn).open,
      authority: chatAuthority({ store, calendar, digest }),
      identity: openIdentity({ store, verifier: verifierOf(config, keys, env), fixed: fixedTokens(data), now: env.now, calendar }),
      presence: openPresence(),
      build,
      onEnd: (end) => log.linkEnded(end),
    });
    opened.defer(() => node.close());
    const { calls } = node;
    const peers = new Peers({ trustProxy, origins, now: env.now });
    const isLocal = (request: { readonly raw: Parameters<typeof fromLoopback>[0] }): boolean => fromLoopback(request.raw);
    const mint = keys && ((user: string, times: Parameters<typeof guestToken>[2]) => guestToken(user, keys, times));
    const http = await openHttp({
      page,
      peers,
      doors: async (app) => {
        const status = () => node.status();
        const metrics = openMetrics({ counts: env.counts, status: () => ({ ...status() }) });
        await app.register(api, { calls, status, metrics, isLocal, now: calendar, random, mint, build });
      },
    });
    opened.defer(() => http.close());
    await node.start();
    opened.defer(
      listenWebSocket(http.server, { env, peers, attach: (transport) => node.attach(transport), draining: () => node.draining }),
    );
    const taken = await http.listen(host, port);
    opened.defer(() => record.remove());
    record.write({ url: urlOf(reachable(host), taken), pid: process.pid });
    const running = opened.move();
    let closing: Promise<void> | undefined;
    return {
      url: urlOf(host, taken),
      // Behind the #, so that no proxy and no log ever sees it.
      ownerLink: code && `${baseUrl ?? urlOf(reachable(host), taken)}/#own=${code}`,
      close: () => (closing ??= node.close(drainMs).then(() => running.disposeAsync())),
    };
  } catch (error) {
    throw startError(error);
  }
}

function verifierOf({ auth }: Config, keys: Keys | undefined, { now, random }: Pick<Env, 'now' | 'random'>): Verifier {
  if (auth.mode === 'jwt') return jwts({ ...auth, now });
  if (!keys) throw new Error('guests without a key');
  return guests({ keys, calendar, random });
}

/** Who may administer, and the service that may speak for anyone. */
function fixedTokens(data: string) {
  return [
    { token: secretFile(join(data, adminTokenName)), user: 'admin', rights: ['import', 'admin'] },
    { token: secretFile(join(data, serviceKeyName)), user: 'service', rights: ['as'] },
  ] as const;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** An address that means "all of them" is one to listen on, not one to go to. */
function reachable(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}
