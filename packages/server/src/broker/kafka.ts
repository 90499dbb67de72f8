import { Buffer } from 'node:buffer';
import type { Consumer, Producer } from '@platformatic/kafka';
import type { OpenBroker } from './broker.ts';
import { bucketOf, packed, unpacked } from './remote/buckets.ts';
import { hearsAll, type Line, type Link, type Parcel } from './remote/line.ts';
import { type RemoteOptions, usualPrefix } from './remote/options.ts';
import { remote } from './remote/remote.ts';

const envelopeBytes = 256 * 1024;
/** Of a topic that we make ourselves; whatever an existing one has is fine. */
const partitions = 8;
/** What is deleted must not live on here: with Kafka's look around every five minutes, nothing is kept for more than ten. */
const configs = [
  { name: 'cleanup.policy', value: 'delete' },
  { name: 'retention.ms', value: '180000' },
  { name: 'segment.ms', value: '120000' },
];
/** What is said of a topic that is so new that it is not known everywhere; and for how long that is borne, in tries and milliseconds. */
const young = ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID', 'LEADER_NOT_AVAILABLE', 'NOT_LEADER_OR_FOLLOWER'];
const newTopic = { tries: 20, pause: 100 };
const fetchBytes = 4 * 1024 * 1024;

/**
 * A broker on Kafka: one topic, which it makes itself. Every node reads all its partitions from the end, in no group: a group would share
 * them out among nodes, and each must hear everything.
 */
export function kafkaBroker(options: RemoteOptions): OpenBroker {
  return remote({ options, envelopeBytes, connect: (line) => connect(options, line) });
}

async function connect({ url, prefix = usualPrefix }: RemoteOptions, line: Line): Promise<Link> {
  const kafka = await import('@platformatic/kafka');
  const topic = `${prefix}.envelopes`;
  // Its own retries would hide a loss, and a request has no end of its own.
  const common = { clientId: `${prefix}-broker`, retries: 0, connectTimeout: 1_000, requestTimeout: 2_500, ...addressOf(url) };
  const consumer = new kafka.Consumer({ ...common, groupId: prefix });
  line.defer(() => consumer.close(true));
  const producer = new kafka.Producer(common);
  line.defer(() => producer.close(true));

  const find = async () => {
    const { topics } = await consumer.metadata({ topics: [topic], forceUpdate: true });
    const found = topics.get(topic);
    if (!found || found.partitions.some(({ leader }) => leader < 0)) throw new Error(`topic ${topic} has no leader`);
    const ends = await consumer.listOffsets({ topics: [topic], timestamp: kafka.ListOffsetTimestamps.LATEST });
    return { ...found, ends: ends.get(topic) ?? [] };
  };
  const is = (error: unknown, ...names: string[]): boolean =>
    error instanceof kafka.MultipleErrors && names.some((name) => error.findBy('apiId', name));
  const make = async () => {
    const admin = new kafka.Admin(common);
    line.defer(() => admin.close());
    await admin.createTopics({ topics: [topic], partitions, replicas: -1, configs }).catch((error: unknown) => {
      // Another node was quicker.
      if (!is(error, 'TOPIC_ALREADY_EXISTS')) throw error;
    });
  };
  const found = await find().catch(async (error: unknown) => {
    // The library has found that out by itself, and says so in words only.
    if (error instanceof kafka.UserError && error.message.startsWith('Unknown topic')) await make();
    else if (!is(error, ...young)) throw error;
    return patiently(find);
  });
  for (const node of new Set(found.partitions.map(({ leader }) => leader))) {
    // A request behind one that waits for news would wait as long.
    const connectionPool = new kafka.ConnectionPool(common.clientId, common);
    line.defer(() => connectionPool.close());
    const places = new Map(found.ends.flatMap((end, at) => (found.partitions[at]?.leader === node ? [[at, end] as const] : [])));
    const fetch = () =>
      consumer.fetch({ node, connectionPool, ...waiting, topics: [{ topicId: found.id, partitions: [...places].map(asked) }] });
    follow(fetch, places, line).catch((error: unknown) => line.lost(error));
  }
  return { ...hearsAll, send: (parcels) => send(producer, topic, found.partitionsCount, parcels) };
}

const waiting = { maxWaitTime: 500, minBytes: 1, maxBytes: fetchBytes, isolationLevel: 0 } as const;

function asked([partition, fetchOffset]: readonly [number, bigint]) {
  return { partition, fetchOffset, partitionMaxBytes: fetchBytes, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
}

type Fetched = Awaited<ReturnType<Consumer['fetch']>>;

/** Reads on and on from one server, until that fails. `places`: where it stands in each partition. */
async function follow(fetch: () => Promise<Fetched>, places: Map<number, bigint>, line: Line): Promise<never> {
  for (;;) {
    const { responses } = await fetch();
    for (const { partitionIndex, records } of responses.flatMap((response) => response.partitions)) {
      for (const batch of records ?? []) {
        const place = places.get(partitionIndex) ?? 0n;
        // Marks of transactions are no records, and what was gathered with the one asked for comes again.
        if ((batch.attributes & 0x20) === 0) {
          for (const { offsetDelta, value } of batch.records) {
            const parcel = batch.firstOffset + BigInt(offsetDelta) >= place && value ? unpacked(value.toString()) : undefined;
            if (parcel) line.heard(parcel.channel, parcel.envelope);
          }
        }
        const next = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
        if (next > place) places.set(partitionIndex, next);
      }
    }
  }
}

function send(producer: Producer, topic: string, count: number, parcels: readonly Parcel[]): Promise<unknown> {
  const messages = parcels.map((parcel) => ({
    topic,
    partition: bucketOf(parcel.channel, count),
    value: Buffer.from(packed(parcel)),
  }));
  return producer.send({ messages, acks: 1 });
}

async function patiently<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let left = newTopic.tries; ; left--) {
    try {
      return await run();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, newTopic.pause));
    }
  }
}

/** `kafka://USER:PASSWORD@HOST:PORT?mechanism=SCRAM-SHA-256&tls=true`; without a user nobody signs in. */
function addressOf(url: string) {
  const { hostname, port, username, password, searchParams } = new URL(url);
  const mechanism = searchParams.get('mechanism') ?? 'PLAIN';
  const signIn = { mechanism: mechanism as 'PLAIN', username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return {
    bootstrapBrokers: [{ host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 9_092 : Number(port) }],
    ...(username !== '' && { sasl: signIn }),
    ...(searchParams.get('tls') === 'true' && { tls: { servername: hostname } }),
  };
}
