import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, connect } from '@hubbub/client';
import { CommandError } from './fail.ts';
import { holderOf } from './lock-holder.ts';

/** Which server a command talks to: the one named, or the one that runs on the local data folder. */
export interface TargetOptions {
  readonly url?: string;
  readonly token?: string;
  readonly data: string;
}

export interface Target {
  readonly client: Client;
  /** Rejects when the server will not have us, or when there is none; never resolves. */
  readonly trouble: Promise<never>;
}

/** A server that is there answers at once; one that starts, or is restarted, within this. */
const patience = 10_000;
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** A client of the server, as the administrator of a local one. What becomes of the link is said by `say`. Throws CommandError where there is none. */
export function connectTo(options: TargetOptions, say: (text: string) => void): Target {
  const { url, pid, token } = addressOf(options);
  const client = connect({ url, credentials: { token }, build: 'cli' });
  return { client, trouble: troubleOf(client, url, pid, say) };
}

/** Where the server is, and who to be there. Throws CommandError. */
export function addressOf(options: TargetOptions): { url: string; pid: number | undefined; token: string } {
  const { url, pid } = options.url === undefined ? localServer(options.data) : { url: serverUrl(options.url), pid: undefined };
  return { url, pid, token: tokenFor(url, options) };
}

/** Says once that the link is not there, and once that it is again. */
function troubleOf(client: Client, url: string, pid: number | undefined, say: (text: string) => void): Promise<never> {
  const trouble = new Promise<never>((_, reject) => {
    let linked = false;
    let lost = false;
    client.onStatus((status) => {
      if (status.state === 'refused') reject(new CommandError(`the server refuses: ${status.text} (${status.code})`));
      else if (status.state === 'reconnecting') {
        if (!linked && pid !== undefined && isGone(pid))
          reject(new CommandError(`no server runs: process ${pid}, which served ${url}, is gone`));
        else if (!lost) say(`no link to ${url}, trying again`);
        lost = true;
      } else if (status.state === 'live' || status.state === 'catching-up') {
        if (lost) say(`linked to ${url}`);
        linked = true;
        lost = false;
      }
    });
    // A command that has never reached anybody is more use when it ends than when it waits.
    setTimeout(() => {
      if (!linked) reject(new CommandError(`no server answers at ${url}`));
    }, patience).unref();
  });
  trouble.catch(() => {});
  return trouble;
}

function tokenFor(url: string, { url: named, token, data }: TargetOptions): string {
  if (token !== undefined) return token;
  if (named !== undefined && !loopback.test(new URL(url).hostname)) {
    throw new CommandError('--token is needed: the token of the local administrator is shown to no other machine', 2);
  }
  return read(join(data, 'admin.token'), data).trim();
}

/** The same, if it is one of a server. Throws CommandError. */
export function serverUrl(url: string): string {
  if (!URL.canParse(url) || !/^(https?|wss?):$/.test(new URL(url).protocol)) throw new CommandError(`--url ${url}: http://HOST:PORT`, 2);
  return url;
}

function localServer(data: string): { url: string; pid: number | undefined } {
  const file = join(data, 'server.json');
  const text = read(file, data);
  try {
    const { url, pid } = JSON.parse(text) as { url?: unknown; pid?: unknown };
    if (typeof url === 'string') return { url: serverUrl(url), pid: typeof pid === 'number' ? pid : undefined };
  } catch {
    // Said below: whatever is wrong with it, it does not say where the server is.
  }
  throw new CommandError(`${file} does not say where the server is; --url does`);
}

function read(file: string, data: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') throw new CommandError(message);
  }
  const holder = holderOf(join(data, 'lock.sqlite'));
  if (holder !== undefined) {
    throw new CommandError(`${file} is not there, though process ${holder} holds the folder: it is starting or stopping, or is no server`);
  }
  throw new CommandError(
    `${file} is not there: no server runs on this folder (npm start). --data names another one, or --url and --token a server`,
  );
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
