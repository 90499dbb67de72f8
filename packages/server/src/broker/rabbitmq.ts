import { Buffer } from 'node:buffer';
import type { OpenBroker } from './broker.ts';
import { bucketOf, buckets, packed, unpacked } from './remote/buckets.ts';
import { hearsAll, type Line, type Link } from './remote/line.ts';
import { type RemoteOptions, usualPrefix } from './remote/options.ts';
import { remote } from './remote/remote.ts';

const envelopeBytes = 256 * 1024;
/** What waits for a node that reads nothing; beyond it the oldest goes, so that a node that was stopped fills no server. */
const queueBound = { messages: 20_000, bytes: 64 * 1024 * 1024 };
/** Seconds. The client ends what it cannot close in good order only by this. */
const heartbeat = 5;

/**
 * A broker on RabbitMQ: one exclusive queue per node, and a fixed number of routing keys, for three thousand bindings take a second, and
 * publishing waits meanwhile. Nothing of it is kept.
 */
export function rabbitmqBroker(options: RemoteOptions): OpenBroker {
  return remote({ options, envelopeBytes, connect: (line) => connect(options, line) });
}

async function connect({ url, prefix = usualPrefix }: RemoteOptions, line: Line): Promise<Link> {
  const { default: amqp } = await import('amqplib');
  const address = new URL(url);
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', String(heartbeat));
  const model = await amqp.connect(address.href, { timeout: 2_000, noDelay: true });
  line.defer(() => model.close());
  const closed = (): void => line.lost(new Error('the connection is closed'));
  model.on('error', (error) => line.lost(error)).on('close', closed);

  const channel = await model.createConfirmChannel();
  channel.on('error', (error) => line.lost(error)).on('close', closed);
  const exchange = `${prefix}.envelopes`;
  const { queue } = await channel.assertQueue('', {
    exclusive: true,
    autoDelete: true,
    durable: false,
    maxLength: queueBound.messages,
    arguments: { 'x-max-length-bytes': queueBound.bytes, 'x-overflow': 'drop-head' },
  });
  await channel.assertExchange(exchange, 'direct', { durable: false, autoDelete: true });
  await Promise.all(Array.from({ length: buckets }, (_, bucket) => channel.bindQueue(queue, exchange, String(bucket))));
  const heard = (text: string): void => {
    const parcel = unpacked(text);
    if (parcel) line.heard(parcel.channel, parcel.envelope);
  };
  await channel.consume(queue, (message) => (message ? heard(message.content.toString()) : closed()), { noAck: true });
  return {
    ...hearsAll,
    send: (parcels) => {
      for (const parcel of parcels) channel.publish(exchange, String(bucketOf(parcel.channel)), Buffer.from(packed(parcel)));
      return channel.waitForConfirms();
    },
  };
}
