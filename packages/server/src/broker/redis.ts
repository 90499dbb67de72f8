import type { OpenBroker } from './broker.ts';
import type { Line, Link } from './remote/line.ts';
import { type RemoteOptions, usualPrefix } from './remote/options.ts';
import { remote } from './remote/remote.ts';

/** Redis takes half a gigabyte; but what waits for a slow node lies in its memory. */
const envelopeBytes = 256 * 1024;

/**
 * A broker on Redis' classic pub/sub, of one plain server: a cluster of Redis hands every message to all of its nodes, and clients of
 * sharded pub/sub lose messages without a word. A node has a subscription per channel.
 */
export function redisBroker(options: RemoteOptions): OpenBroker {
  return remote({ options, envelopeBytes, connect: (line) => connect(options, line) });
}

async function connect({ url, prefix = usualPrefix }: RemoteOptions, line: Line): Promise<Link> {
  const { createClient } = await import('redis');
  // A client that connects again by itself says nothing of what it has missed, and after a timeout it is dead for good.
  const open = async () => {
    const client = createClient({
      url,
      disableOfflineQueue: true,
      pingInterval: 1_000,
      // Its own limit is a timer, a signal and, five seconds later, an error for each command, answered or not: some 3 % of a busy
      // node's time, by its profile. A connection that does not answer is given up before that.
      commandOptions: { timeout: 0 },
      socket: { reconnectStrategy: false, connectTimeout: 2_000, socketTimeout: 3_000 },
    });
    client.on('error', (error: unknown) => line.lost(error));
    line.defer(() => client.destroy());
    await client.connect();
    return client;
  };
  // What one waits for on one connection does not hold up the other.
  const [sub, pub] = await Promise.all([open(), open()]);
  const named = (channels: readonly string[]): string[] => channels.map((channel) => `${prefix}:${channel}`);
  const heard = (text: string, name: string): void => line.heard(name.slice(prefix.length + 1), text);
  return {
    subscribe: (channels) => sub.subscribe(named(channels), heard),
    unsubscribe: (channels) => sub.unsubscribe(named(channels), heard),
    send: (parcels) => Promise.all(parcels.map(({ channel, envelope }) => pub.publish(`${prefix}:${channel}`, envelope))),
  };
}
