import { type Credentials, connect } from '@hubbub/client';
import { platformEnv } from '@hubbub/client/platform/env';
import { uuidv7 } from '@hubbub/protocol/id';
import { type Account, now, type Sending } from './history.ts';
import type { Server } from './server.ts';

/** Where the prover itself asks whether something can be written; no client reads it. */
export const probeChannel = 'room:probe';

/** Sends an event there, by HTTP, and answers `ok` or the code. */
export async function probe(server: Server): Promise<string> {
  const answer = await server.ask(`/v1/channels/${probeChannel}/events`, { kind: 'message', body: 'is there room?' });
  return answer.ok ? 'ok' : (((await answer.json()) as { code?: string }).code ?? String(answer.status));
}

/** Which history the log is of; empty where nobody answers. */
export async function epochOf({ server, channels }: { readonly server: Server; readonly channels: readonly string[] }): Promise<string> {
  const answer = await server.ask(`/v1/channels/${channels[0]}/events?limit=1`);
  return ((await answer.json()) as { epoch?: string }).epoch ?? '';
}

export interface Founding {
  readonly url: string;
  /** Who makes them. */
  readonly credentials: Credentials;
  readonly channels: readonly string[];
  /** Ends the wait for a server that does not answer: what is under way is rejected. */
  readonly signal: AbortSignal;
}

/** Makes the channels of a run, in which every guest may read and send from then on. Answers what it has sent to do so. */
export async function openRooms({ url, credentials, channels, signal }: Founding): Promise<Account> {
  const env = platformEnv();
  const client = connect({ url, credentials, build: 'prove' });
  const close = (): void => client.close();
  signal.addEventListener('abort', close);
  const create = async (channel: string): Promise<Sending> => {
    const id = uuidv7(env);
    const sentAt = now();
    const { epoch, offset } = await client.send(channel, { id, kind: 'create', body: {} });
    return { channel, id, sentAt, ack: { epoch, offset, at: now() } };
  };
  try {
    const sendings = await Promise.all(channels.map(create));
    return { name: 'founder', user: client.user ?? '', sendings, steps: {}, holes: 0, garbled: 0, troubles: [] };
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}
