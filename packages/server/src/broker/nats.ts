import type { Subscription } from '@nats-io/transport-node';
import type { OpenBroker } from './broker.ts';
import type { Line, Link } from './remote/line.ts';
import { type RemoteOptions, usualPrefix } from './remote/options.ts';
import { remote } from './remote/remote.ts';

/** A quarter of what a NATS server takes unless it is told otherwise. */
const envelopeBytes = 256 * 1024;

/** A broker on NATS, core only: nothing of it is kept. A node has a subscription per channel. */
export function natsBroker(options: RemoteOptions): OpenBroker {
  return remote({ options, envelopeBytes, connect: (line) => connect(options, line) });
}

async function connect({ url, prefix = usualPrefix }: RemoteOptions, line: Line): Promise<Link> {
  const nats = await import('@nats-io/transport-node');
  const connection = await nats.connect({
    ...addressOf(url),
    name: prefix,
    timeout: 2_000,
    // It would subscribe again without an acknowledgement, and takes what is published meanwhile without a word.
    reconnect: false,
    pingInterval: 1_000,
    maxPingOut: 2,
  });
  line.defer(() => connection.close());
  void connection.closed().then((error) => line.lost(error ?? new Error('the connection is closed')));
  const most = connection.info?.max_payload ?? envelopeBytes;
  if (most < envelopeBytes) throw new Error(`its max_payload is ${most}, and ${envelopeBytes} bytes are needed`);

  const subscriptions = new Map<string, Subscription>();
  const subject = (channel: string): string => `${prefix}.${encoded(channel)}`;
  const subscribe = (channel: string): void => {
    const callback: NonNullable<Parameters<typeof connection.subscribe>[1]>['callback'] = (error, message) => {
      if (error) line.lost(error);
      else line.heard(channel, message.string());
    };
    subscriptions.set(channel, connection.subscribe(subject(channel), { callback }));
  };
  return {
    subscribe: (channels) => {
      for (const channel of channels) subscribe(channel);
      return connection.flush();
    },
    unsubscribe: (channels) => {
      for (const channel of channels) {
        subscriptions.get(channel)?.unsubscribe();
        subscriptions.delete(channel);
      }
      return connection.flush();
    },
    send: (parcels) => {
      for (const { channel, envelope } of parcels) connection.publish(subject(channel), envelope);
      // Publishing has no answer, and would fill our memory while the server takes nothing.
      return connection.flush();
    },
  };
}

/** The library takes what it signs in with beside the address, not in it. */
function addressOf(url: string): { servers: string; user?: string; pass?: string; token?: string; tls?: object } {
  const { protocol, host, username, password } = new URL(url);
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  return {
    servers: host,
    ...(pass !== '' ? { user, pass } : user !== '' && { token: user }),
    ...(protocol === 'tls:' && { tls: {} }),
  };
}

/** Dots, stars and the like mean something in a subject; an equals sign, which no channel has, stands around what they are. */
function encoded(channel: string): string {
  return channel.replace(/[^\w:%-]/g, (letter) => `=${letter.charCodeAt(0).toString(16)}=`);
}
