import { setTimeout as pause } from 'node:timers/promises';
import { type Credentials, connect } from '@hubbub/client';
import { parsePosition } from '@hubbub/protocol/position';
import type { Log, Logged } from './history.ts';

const patience = 60_000;

/** Reads the channels from the first event to the head, as a client that has never been there. Throws when that takes more than a minute. */
export async function readLog(url: string, credentials: Credentials, channels: readonly string[]): Promise<Log> {
  const client = connect({ url, credentials, build: 'prove' });
  try {
    const read = channels.map((channel) => {
      const events: Logged[] = [];
      const subscription = client.subscribe(channel, {
        position: '0',
        onEvents: (some) => events.push(...some.map(({ offset, id, from }) => ({ offset, id, from }))),
      });
      return { channel, events, subscription };
    });
    for (const end = Date.now() + patience; client.status.state !== 'live'; await pause(50)) {
      if (Date.now() > end) throw new Error(`a fresh reader was not live after ${patience / 1_000} s: ${JSON.stringify(client.status)}`);
    }
    const epoch = parsePosition(read[0]?.subscription.position ?? '0')?.epoch ?? '';
    return { epoch, channels: Object.fromEntries(read.map(({ channel, events }) => [channel, events])) };
  } finally {
    client.close();
  }
}
