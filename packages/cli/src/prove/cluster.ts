/** What a run is put on: nodes, their store, the broker between them and the balancer before them, each a real process of its own. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { framesOf } from '@hubbub/rig/lossy/frames';
import { LossyWay } from '@hubbub/rig/lossy/lossy';
import { FaultProxy } from '@hubbub/rig/proxy';
import { startHaproxy } from '@hubbub/rig/servers/haproxy';
import { freePorts } from '@hubbub/rig/servers/ports';
import { absent } from '@hubbub/rig/servers/present';
import type { RealServer } from '@hubbub/rig/servers/server';
import { type DataServer, startServer } from '@hubbub/rig/servers/start';
import { Server } from './server.ts';

export interface Setting {
  readonly store: 'sqlite' | 'postgres';
  readonly broker: 'local' | DataServer;
  readonly nodes: number;
}

/** As deploy/haproxy.cfg has it. */
export const mostNodes = 3;
const configuration = resolve(import.meta.dirname, '../../../../deploy/haproxy.cfg');

/** What this machine lacks for it; undefined: nothing. */
export function lacking({ store, broker, nodes }: Setting): string | undefined {
  const needed: DataServer[] = [];
  if (store !== 'sqlite') needed.push(store);
  if (broker !== 'local') needed.push(broker);
  return absent(...needed, ...(nodes > 1 ? (['haproxy'] as const) : [])) || undefined;
}

export class Cluster implements AsyncDisposable {
  readonly nodes: readonly Server[];
  readonly store: RealServer | undefined;
  readonly broker: RealServer | undefined;
  readonly balancer: RealServer | undefined;
  /** Each node's own way to the store and to the broker, where they are on servers. */
  readonly storeWays: readonly FaultProxy[];
  readonly brokerWays: readonly FaultProxy[];
  /** Where single messages of it can get lost. */
  readonly brokerLosses: readonly LossyWay[];
  readonly #undo: AsyncDisposableStack;

  private constructor(
    parts: Pick<Cluster, 'nodes' | 'store' | 'broker' | 'balancer' | 'storeWays' | 'brokerWays' | 'brokerLosses'>,
    undo: AsyncDisposableStack,
  ) {
    ({ nodes: this.nodes, store: this.store, broker: this.broker, balancer: this.balancer } = parts);
    ({ storeWays: this.storeWays, brokerWays: this.brokerWays, brokerLosses: this.brokerLosses } = parts);
    this.#undo = undo;
  }

  /** Starts all of it; the nodes keep their folders in `folder`. */
  static async open({ store: storeName, broker: brokerName, nodes: count }: Setting, folder: string): Promise<Cluster> {
    await using undo = new AsyncDisposableStack();
    const start = async (name: 'sqlite' | 'local' | DataServer): Promise<RealServer | undefined> =>
      name === 'sqlite' || name === 'local' ? undefined : undo.use(await startServer(name));
    const [store, broker] = await Promise.all([start(storeName), start(brokerName)]);
    const waysTo = async (server: RealServer | undefined): Promise<readonly FaultProxy[]> =>
      server === undefined ? [] : Promise.all(Array.from({ length: count }, async () => undo.use(await FaultProxy.open(server.port))));
    const storeWays = await waysTo(store);
    // Kafka tells its clients where it is: nothing that stands in between would be asked again.
    const brokerWays = broker?.name === 'kafka' ? [] : await waysTo(broker);
    const read = brokerName === 'local' ? undefined : framesOf(brokerName);
    const brokerLosses = read ? brokerWays.map((way) => new LossyWay(way, read)) : [];
    const nodes = Array.from({ length: count }, (_, at) => {
      const data = join(folder, `data-${at + 1}`);
      mkdirSync(data);
      const args = count > 1 ? ['--trust-proxy', '127.0.0.1'] : [];
      if (store) args.push('--store', by(store, storeWays[at]));
      if (broker) args.push('--broker', by(broker, brokerWays[at]));
      return undo.use(new Server(data, args));
    });
    await Promise.all(nodes.map((node) => node.start()));
    const balancer = count > 1 ? undo.use(await startBalancer(nodes)) : undefined;
    return new Cluster({ nodes, store, broker, balancer, storeWays, brokerWays, brokerLosses }, undo.move());
  }

  /** Where clients go. */
  get port(): number {
    return this.balancer?.port ?? this.nodes[0]?.port ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }
}

/** Where the server is to be found for one who has a way of his own to it. */
export function by(server: RealServer, way: FaultProxy | undefined): string {
  return way === undefined ? server.url : server.url.replace(`:${server.port}`, `:${way.port}`);
}

/** The project's own HAProxy before these nodes, as deploy/haproxy.cfg has it; there may be three. */
export async function startBalancer(nodes: readonly { readonly port: number }[]): Promise<RealServer> {
  const [port = 0, figures = 0, nowhere = 0] = await freePorts(3);
  const addresses = Array.from(
    { length: mostNodes },
    (_, at) => [`HUBBUB_NODE_${at + 1}`, `127.0.0.1:${nodes[at]?.port ?? nowhere}`] as const,
  );
  const env = { ...Object.fromEntries(addresses), HUBBUB_BIND: `127.0.0.1:${port}`, HUBBUB_STATS: `127.0.0.1:${figures}` };
  return startHaproxy({ config: readFileSync(configuration, 'utf8'), port, env });
}
