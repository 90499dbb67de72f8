/** Several nodes and all that they stand on, each a real process of its own: what a system asks of a machine. */
import { resolve } from 'node:path';
import { startPostgres } from '@hubbub/rig/servers/postgres';
import { startRedis } from '@hubbub/rig/servers/redis';
import type { RealServer } from '@hubbub/rig/servers/server';
import { socketIoOnRedis } from './peers.ts';
import { type Listening, listen, ours, serviceKeyIn, temporaryFolder } from './systems.ts';
import type { TalkSystem } from './talk-dialects.ts';

const countsOnSignal = resolve(import.meta.dirname, 'counts-on-signal.ts');

export interface Stack extends AsyncDisposable {
  readonly nodes: readonly Listening[];
  readonly redis: RealServer;
  /** What ours stores in; a peer stores nothing. */
  readonly postgres: RealServer | undefined;
  /** Of ours: the first node's. */
  readonly serviceKey: string | undefined;
}

/** Starts `count` nodes on a Redis and, ours, on a PostgreSQL of their own. */
export async function startStack(system: TalkSystem, count: number): Promise<Stack> {
  await using undo = new AsyncDisposableStack();
  const redis = undo.use(await startRedis());
  const postgres = system === 'hubbub' ? undo.use(await startPostgres()) : undefined;
  const nodes: Listening[] = [];
  let serviceKey: string | undefined;
  // One after the other: the first makes the tables.
  for (let at = 0; at < count; at++) {
    if (postgres) {
      const folder = temporaryFolder(undo);
      const command = ours(folder, ['--store', postgres.url, '--broker', redis.url, '--log-level', 'warn']);
      nodes.push(undo.use(await listen(command, [countsOnSignal])));
      serviceKey ??= serviceKeyIn(folder);
    } else nodes.push(undo.use(await listen(socketIoOnRedis(redis.url))));
  }
  const all = undo.move();
  return { nodes, redis, postgres, serviceKey, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
