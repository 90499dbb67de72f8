/** What tests of a cluster share: nodes on one PostgreSQL, a balancer before them with the configuration that is shipped, and clients. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Haproxy, startHaproxy } from '@hubbub/rig/servers/haproxy';
import { type Nginx, startNginx } from '@hubbub/rig/servers/nginx';
import { freePorts } from '@hubbub/rig/servers/ports';
import { startPostgres } from '@hubbub/rig/servers/postgres';
import type { RealServer } from '@hubbub/rig/servers/server';
import { type RunningServer, Stage } from './server-rig.ts';

const deploy = resolve(import.meta.dirname, '../deploy');

/** Three nodes on one database. Each keeps its folder and its port over restarts. */
export class Cluster implements AsyncDisposable {
  readonly nodes: RunningServer[] = [];
  readonly ports: readonly number[];
  readonly store: RealServer;
  readonly #stage: Stage;
  readonly #args: readonly string[];
  readonly #undo: AsyncDisposableStack;

  private constructor(undo: AsyncDisposableStack, store: RealServer, stage: Stage, ports: readonly number[], args: readonly string[]) {
    this.#undo = undo;
    this.store = store;
    this.#stage = stage;
    this.ports = ports;
    this.#args = args;
  }

  static async start(...args: string[]): Promise<Cluster> {
    await using undo = new AsyncDisposableStack();
    const store = undo.use(await startPostgres());
    const stage = undo.use(new Stage());
    const cluster = new Cluster(undo.move(), store, stage, await freePorts(3), [
      '--store',
      store.url,
      '--trust-proxy',
      '127.0.0.1',
      ...args,
    ]);
    try {
      // At once, on an empty database, as a first deployment does.
      await Promise.all([0, 1, 2].map((at) => cluster.begin(at)));
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  node(at: number): RunningServer {
    const node = this.nodes[at];
    if (!node) throw new Error(`no node ${at}`);
    return node;
  }

  /** Starts a node, on the folder that it had, or on `data`. */
  async begin(at: number, data = this.nodes[at]?.data ?? this.#stage.folder()): Promise<void> {
    this.nodes[at] = await this.#stage.serve(data, '--port', String(this.ports[at]), ...this.#args);
  }

  /** Starts a node on an empty folder. */
  beginEmpty(at: number): Promise<void> {
    return this.begin(at, this.#stage.folder());
  }

  /** A node more, beside the three, which no balancer knows: on a folder and a port of its own. */
  async aside(): Promise<RunningServer> {
    return this.#stage.serve(this.#stage.folder(), ...this.#args);
  }

  /** How many links each node has, by what the nodes say themselves; of one that does not answer: NaN. */
  links(): Promise<number[]> {
    return Promise.all(this.nodes.map(linksOf));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }
}

async function linksOf({ url }: RunningServer): Promise<number> {
  try {
    const answer = await fetch(`${url}/v1/node`, { signal: AbortSignal.timeout(2_000) });
    return ((await answer.json()) as { links: number }).links;
  } catch {
    return Number.NaN;
  }
}

/** HAProxy with deploy/haproxy.cfg, which takes from its environment what differs here. */
export async function haproxyBefore({ ports }: Cluster, more: Readonly<Record<string, string>> = {}): Promise<Haproxy> {
  const [port = 0, figures = 0] = await freePorts(2);
  const nodes = Object.fromEntries(ports.map((node, at) => [`HUBBUB_NODE_${at + 1}`, `127.0.0.1:${node}`]));
  const env = { ...nodes, HUBBUB_BIND: `127.0.0.1:${port}`, HUBBUB_STATS: `127.0.0.1:${figures}`, ...more };
  return startHaproxy({ config: readFileSync(join(deploy, 'haproxy.cfg'), 'utf8'), port, env });
}

/** nginx with deploy/nginx.conf, which includes what differs here. */
export async function nginxBefore({ ports }: Cluster): Promise<Nginx> {
  const [port = 0] = await freePorts(1);
  const nodes = readFileSync(join(deploy, 'nginx/nodes.conf'), 'utf8');
  // The addresses alone are ours.
  const ours = ports.reduce((text, node, at) => text.replace(`127.0.0.1:808${at + 1} `, `127.0.0.1:${node} `), nodes);
  return startNginx({
    config: readFileSync(join(deploy, 'nginx.conf'), 'utf8'),
    port,
    files: { 'nginx/listen.conf': `listen 127.0.0.1:${port};\n`, 'nginx/nodes.conf': ours },
  });
}

export interface Figures {
  readonly links: number;
  readonly status: string;
  readonly weight: number;
}

/** What HAProxy counts of each node as links go. */
export async function figuresOf(balancer: Haproxy): Promise<Figures[]> {
  const [head = '', ...lines] = (await balancer.stats('show stat')).trim().split('\n');
  const names = head.replace('# ', '').split(',');
  const rows = lines.map((line) => new Map(line.split(',').map((value, at) => [names[at], value])));
  return rows
    .filter((row) => row.get('pxname') === 'links' && /^node\d$/.test(row.get('svname') ?? ''))
    .map((row) => ({ links: Number(row.get('scur')), status: row.get('status') ?? '', weight: Number(row.get('weight')) }));
}
