import type { DataServer } from '../servers/start.ts';
import type { ReadFrame } from './frame.ts';
import { natsFrame } from './nats.ts';
import { postgresFrame } from './postgres.ts';
import { rabbitmqFrame } from './rabbitmq.ts';
import { redisFrame } from './redis.ts';

/**
 * How those are read whose messages can be taken out so that no client sees that there was one. Kafka and RethinkDB hand out pages, and
 * each page is the answer to a question: without one the client waits for ever, and so is the link broken.
 */
const frames: { readonly [server in DataServer]?: ReadFrame } = {
  redis: redisFrame,
  nats: natsFrame,
  postgres: postgresFrame,
  rabbitmq: rabbitmqFrame,
};

/** How what comes from a broker is read; undefined: it cannot be lost piece by piece. */
export function framesOf(broker: DataServer): ReadFrame | undefined {
  return frames[broker];
}
