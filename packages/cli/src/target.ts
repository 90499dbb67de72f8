import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, type Credentials, connect } from '@hubbub/client';
import { CommandError } from './fail.ts';

/** Which server a command talks to: the one named, or the one that runs on the local data folder. */
export interface TargetOptions {
  readonly url?: string;
  readonly token?: string;
  readonly data: string;
}

/** A client of the server, as the administrator of a local one. Throws CommandError where there is none. */
export function connectTo({ url, token, data }: TargetOptions): Client {
  const credentials: Credentials = { token: token ?? read(join(data, 'admin.token')).trim() };
  return connect({ url: url ?? localUrl(data), credentials, build: 'cli' });
}

/** Rejects when the server will not have us; never resolves. */
export function refusal(client: Client): Promise<never> {
  return new Promise((_, reject) => {
    client.onStatus((status) => {
      if (status.state === 'refused') reject(new CommandError(`the server refuses: ${status.text} (${status.code})`));
    });
  });
}

function localUrl(data: string): string {
  const file = join(data, 'server.json');
  const { url } = JSON.parse(read(file)) as { url?: string };
  if (url === undefined) throw new CommandError(`${file} does not say where the server is; --url does`);
  return url;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CommandError(`${file} cannot be read: no server runs on this folder (npm start), or --data names another; or give --url and --token`);
  }
}
