import type { OpenBroker } from '../broker/broker.ts';
import { kafkaBroker } from '../broker/kafka.ts';
import { localBus } from '../broker/local.ts';
import { natsBroker } from '../broker/nats.ts';
import { postgresBroker } from '../broker/postgres.ts';
import { rabbitmqBroker } from '../broker/rabbitmq.ts';
import { redisBroker } from '../broker/redis.ts';
import { rethinkdbBroker } from '../broker/rethinkdb.ts';
import type { BrokerConfig } from '../config.ts';

const remote = {
  redis: redisBroker,
  nats: natsBroker,
  rabbitmq: rabbitmqBroker,
  kafka: kafkaBroker,
  postgres: postgresBroker,
  rethinkdb: rethinkdbBroker,
} as const;

/** The way to the other nodes that is configured. Each loads its server's client by itself, when it is opened. */
export function brokerOf(broker: BrokerConfig, turn: (run: () => void) => void, onNote: (text: string) => void): OpenBroker {
  if (broker.kind === 'local') return localBus(turn).open;
  const { url, prefix } = broker;
  return remote[broker.kind]({ url, prefix, onNote });
}
