import { startKafka } from './kafka.ts';
import { startNats } from './nats.ts';
import { startPostgres } from './postgres.ts';
import { startRabbitmq } from './rabbitmq.ts';
import { startRedis } from './redis.ts';
import { startRethinkdb } from './rethinkdb.ts';
import type { RealServer, ServerName } from './server.ts';

/** Those that keep or carry data; the others need a configuration. */
export type DataServer = Exclude<ServerName, 'haproxy' | 'nginx'>;

const starts: Record<DataServer, () => Promise<RealServer>> = {
  redis: startRedis,
  nats: startNats,
  rabbitmq: startRabbitmq,
  kafka: startKafka,
  postgres: startPostgres,
  rethinkdb: startRethinkdb,
};

/** Starts the server of that name. Throws where this machine has none. */
export function startServer(name: DataServer): Promise<RealServer> {
  return starts[name]();
}
