import { kafkaBroker } from '../broker/kafka.ts';
import { localBus } from '../broker/local.ts';
import { natsBroker } from '../broker/nats.ts';
import { postgresBroker } from '../broker/postgres.ts';
import { rabbitmqBroker } from '../broker/rabbitmq.ts';
import { redisBroker } from '../broker/redis.ts';
import { rethinkdbBroker } from '../broker/rethinkdb.ts';
import type { Config } from '../config.ts';

/** Each loads its library when it is opened, and no other does. */
const onServers = {
  redis: redisBroker,
  nats: natsBroker,
  rabbitmq: rabbitmqBroker,
  kafka: kafkaBroker,
  postgres: postgresBroker,
  rethinkdb: rethinkdbBroker,
};

interface Around {
  /** The event loop's. */
  readonly turn: (run: () => void) => void;
  /** What an operator should read. */
  readonly note: (text: string) => void;
}

/** The broker of the configuration; a server of it need not be there yet. */
export function brokerOf({ broker }: Config, { turn, note }: Around): ReturnType<typeof redisBroker> {
  if (broker.kind === 'local') return localBus(turn).open;
  const { kind, url, prefix } = broker;
  return onServers[kind]({ url, prefix, onNote: note });
}
