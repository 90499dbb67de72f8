import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Refusal } from '@hubbub/protocol/codes';
import { api } from './api/api.ts';
import { guestIdentity, guestToken } from './auth/guest.ts';
import { SecretError, secretFile } from './auth/secret.ts';
import { localBus } from './broker/local.ts';
import { openRooms } from './chat/authority.ts';
import { type Config, dataFolder, StartError } from './config.ts';
import { trimBelow } from './core/commands/trim.ts';
import { createNode } from './core/node.ts';
import { processEnv } from './env.ts';
import { ListenError, openHttp } from './gateway/http.ts';
import { fromLoopback } from './gateway/loopback.ts';
import { listenWebSocket } from './gateway/websocket.ts';
import { openPresence } from './presence/presence.ts';
import { filesOf } from './store/sqlite/files.ts';
import { openSqlite, SqliteOpenError } from './store/sqlite/open.ts';
import { restoreSqlite } from './store/sqlite/restore.ts';
import { type Checked, type LongWork, type Store, StoreError } from './store/store.ts';

import { openMetrics } from './telemetry/metrics.ts';

export { type Config, isLoopback, readConfig, StartError } from './config.ts';

export interface Server {
  /** Where it listens. */
  readonly url: string;
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
/** Made at the first start, readable by the owner alone: what guests' tokens are signed with, and the administrator's token. */
const secretName = 'secret';
const adminTokenName = 'admin.token';

/** Puts a server together and starts it: the one place that names implementations. Throws StartError. */
export async function startServer({ host, port, data, drainMs }: Config, sinks: ServerSinks): Promise<Server> {
  const record = new Record(join(data, 'server.json'));
  await using opened = new AsyncDisposableStack();
  try {
    const fatal = (text: string): void => {
      record.remove();
      sinks.fatal(text);
    };
    const store = await openSqlite(data, { onFatal: (error) => fatal(error.message), onNote: sinks.note });
    opened.defer(() => store.close());
    // The folder is ours, so whoever wrote this has gone.
    record.remove();
    const secret = secretFile(join(data, secretName));
    const adminToken = secretFile(join(data, adminTokenName));
    const env = processEnv();
    const node = createNode({
      env,
      store,
      broker: localBus(env.turn).open,
      authority: openRooms(),
      identity: guestIdentity({ secret, adminToken, random: env.random }),
      presence: openPresence(),
      build,
    });
    opened.defer(() => node.close());
    const { calls } = node;
    const isLocal = (request: { readonly raw: Parameters<typeof fromLoopback>[0] }): boolean => fromLoopback(request.raw);
    const http = await openHttp(page, async (app) => {
      const status = () => node.status();
      const metrics = openMetrics({ counts: env.counts, status: () => ({ ...status() }) });
      await app.register(api, { calls, status, metrics, isLocal, now: Date.now, random: env.random, build });
    });
    opened.defer(() => http.close());
    await node.start();
    opened.defer(listenWebSocket(http.server, { env, attach: (transport) => node.attach(transport) }));
    const taken = await http.listen(host, port);
    opened.defer(() => record.remove());
    record.write({ url: urlOf(reachable(host), taken), pid: process.pid });
    const running = opened.move();
    let closing: Promise<void> | undefined;
    return { url: urlOf(host, taken), close: () => (closing ??= node.close(drainMs).then(() => running.disposeAsync())) };
  } catch (error) {
    throw startError(error);
  }
}

/** Makes the token of a user, with the secret of the folder `data`. Throws StartError when no server has ever started there. */
export function makeToken(data: string, user: string): Promise<string> {
  const path = join(data, secretName);
  if (!existsSync(path)) throw new StartError(`${path} is not there: the first start of a server on this folder makes it`);
  return guestToken(user, readFileSync(path, 'utf8').trim());
}

/** What is done to a folder on which no server runs; `note` gets what an operator should read. */
export interface FolderWork extends LongWork {
  readonly note: (text: string) => void;
}

/** Reads the whole log of the folder `data`, on which no server runs; `report` gets each problem. Throws StartError. */
export function checkStore(
  data: string,
  report: (problem: string) => void,
  { note, ...work }: FolderWork,
): Promise<Checked & { readonly problems: number }> {
  return withStore(data, note, async ({ powers }) => {
    if (!powers.checkable) throw new StartError('this store cannot be checked');
    let problems = 0;
    try {
      const read = await powers.checkable.check((problem) => {
        problems += 1;
        report(problem);
      }, work);
      return { ...read, problems };
    } catch (error) {
      // Pages that cannot be read at all end the reading, and what was counted by then is no count.
      throw error instanceof StoreError ? new StartError(`the rest of the store cannot be read: ${error.message}`) : error;
    }
  });
}

/**
 * Copies the store of the folder `data`, on which no server runs, to `file`. Answers where the copy is and how many bytes it has. Throws
 * StartError, also when there is a `file` already: it may be the only other copy.
 */
export function backupStore(data: string, file: string, { note, ...work }: FolderWork): Promise<{ path: string; bytes: number }> {
  const path = resolve(file);
  return withStore(data, note, async ({ powers }) => {
    if (!powers.backup) throw new StartError('this store cannot be backed up from here');
    const { bytes } = await powers.backup.backup(path, work);
    return { path, bytes };
  });
}

/** Drops the events of a channel below the position `before`, in the folder `data`, on which no server runs. Answers the first that is kept. Throws StartError. */
export function trimStore(data: string, channel: string, before: string, { note }: FolderWork): Promise<{ first: number }> {
  return withStore(data, note, (store) => trimBelow((call) => call(store), channel, before));
}

/** Begins a new history of the folder `data`, on which no server runs, and answers its name. Throws StartError. */
export function renewStore(data: string, { note }: FolderWork): Promise<{ epoch: string }> {
  return withStore(data, note, async (store) => {
    if (!store.powers.renewable) throw new StartError('this store cannot begin a new history');
    const { epoch: from } = await store.heads([]);
    const { epoch } = await store.powers.renewable.renew(from);
    return { epoch };
  });
}

/** Puts the backup `file` in the place of the store of the folder `data`; the next server there begins a new history. Throws StartError. */
export function restoreStore(data: string, file: string): void {
  try {
    restoreSqlite(dataFolder(data), file);
  } catch (error) {
    throw startError(error);
  }
}

/** Opening takes the folder's lock, so it is refused while a server runs, and none starts meanwhile. */
async function withStore<Result>(data: string, note: (text: string) => void, work: (store: Store) => Promise<Result>): Promise<Result> {
  try {
    const { main } = filesOf(resolve(dataFolder(data)));
    // Opening would make one, and a mistyped folder would be found in order.
    if (!existsSync(main)) throw new StartError(`${main} is not there: --data names the folder of a server`);
    const store = await openSqlite(data, { onNote: note, onFatal: ({ message }) => note(message) });
    try {
      // The folder is ours, so whoever wrote this has gone; left there, he would be named as the one who holds it.
      new Record(join(data, 'server.json')).remove();
      return await work(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    throw error instanceof StoreError || error instanceof Refusal ? new StartError(error.message) : startError(error);
  }
}

/** Where the command line finds a running server, and its process. */
class Record {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  write(server: { url: string; pid: number }): void {
    const next = `${this.#path}.new`;
    rmSync(next, { force: true });
    writeFileSync(next, `${JSON.stringify(server)}\n`, { mode: 0o600 });
    // Whoever reads it reads all of it.
    renameSync(next, this.#path);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** An address that means "all of them" is one to listen on, not one to go to. */
function reachable(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}

function startError(error: unknown): unknown {
  if (error instanceof SqliteOpenError || error instanceof SecretError) return new StartError(error.message);
  if (error instanceof ListenError) return new StartError(error.message, error.about === 'host' ? 2 : 1);
  // What the system says of a file: no defect of ours, and its message names the file.
  if (error instanceof Error && 'code' in error && 'path' in error) return new StartError(error.message);
  return error;
}
