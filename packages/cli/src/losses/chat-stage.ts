import { setTimeout as sleep } from 'node:timers/promises';
import { FaultProxy } from '@hubbub/rig/proxy';
import { startRedis } from '@hubbub/rig/servers/redis';
import { by, startBalancer } from '../prove/cluster.ts';
import { poller } from '../prove/company.ts';
import { Crews } from '../prove/crews.ts';
import type { System } from '../prove/fault.ts';
import { ChatNode } from './chat-node.ts';

export interface ChatSize {
  readonly nodes: number;
  readonly clients: number;
  readonly channels: readonly string[];
  readonly seed: number;
}

/** A chat on Socket.IO, set up as Hubbub is in a run: nodes, a Redis between them, HAProxy before them, for each client a way of its own. */
export interface ChatStage extends Omit<System, 'server' | 'crews' | 'brief'>, AsyncDisposable {
  readonly crews: Crews;
  readonly until: ReturnType<typeof poller>;
}

const setUpPatience = 60_000;

/** Resolves when all clients are connected. Throws when they are not within a minute. */
export async function openChat({ nodes: count, clients, channels, seed }: ChatSize, signal: AbortSignal): Promise<ChatStage> {
  await using undo = new AsyncDisposableStack();
  const broker = undo.use(await startRedis());
  const nodes: ChatNode[] = [];
  const brokerWays: FaultProxy[] = [];
  for (let at = 0; at < count; at++) {
    const way = undo.use(await FaultProxy.open(broker.port));
    const node = undo.use(new ChatNode(by(broker, way)));
    await node.start();
    brokerWays.push(way);
    nodes.push(node);
  }
  const balancer = undo.use(await startBalancer(nodes));
  const proxies = new Map<string, FaultProxy>();
  for (let at = 1; at <= clients; at++) proxies.set(`client-${at}`, undo.use(await FaultProxy.open(balancer.port)));
  const members = [...proxies].map(([name, { port }]) => ({ name, url: `http://127.0.0.1:${port}` }));
  const crews = undo.use(new Crews({ members, channels, seed }, new URL('./chat-crew.ts', import.meta.url)));
  const until = poller(signal);
  if (!(await until(async () => (await crews.standing()).live === clients, setUpPatience)))
    throw new Error('not all clients of Socket.IO came to be connected');
  const pause: System['pause'] = async (ms) => void (await sleep(ms, undefined, { signal }));
  const all = undo.move();
  return { cluster: { nodes, broker, brokerWays }, crews, proxies, pause, until, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
