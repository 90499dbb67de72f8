import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FaultProxy } from '@hubbub/rig/proxy';
import { SmallDisk } from '@hubbub/rig/small-disk';
import type { Dice } from '@hubbub/sim/random';
import { Cluster, type Setting } from './cluster.ts';
import { Company } from './company.ts';
import type { Scene } from './fault.ts';
import { readLog } from './fresh-reader.ts';
import type { Cut, Log } from './history.ts';
import { openRooms, probeChannel } from './rooms.ts';
import type { Numbers, Server } from './server.ts';
import type { Look, Stage } from './stage.ts';

export interface Size {
  readonly brief: boolean;
  readonly setting: Setting;
  readonly clients: number;
  readonly channels: number;
  readonly seed: number;
  /** The server's folder lies on a small disk. */
  readonly onSmallDisk: boolean;
}

const diskMegabytes = 512;
const setUpPatience = 60_000;
/** What goes back to what it was when clients come and go, and nothing is under way. */
const counters = ['links', 'sessions', 'channels', 'subscriptions', 'beyond', 'flights', 'repairs', 'queued', 'reads', 'watched'] as const;
/** While events flow these alone stand still. */
const steady: readonly string[] = counters.slice(0, 4);
/** Which of several nodes has somebody in which channel follows from where the balancer brings whom. */
const ofEachNode: readonly string[] = ['channels', 'watched'];
/** The newest events of a channel that a node keeps in memory. */
const tailBytes = 256 * 1_024;

/** A server of its own, clients that have subscribed to all channels, and the network between them; disposed of, nothing of it is left. */
export class Theatre implements Stage<Scene> {
  readonly cluster: Cluster;
  readonly company: Company;
  readonly cuts: Cut[] = [];
  readonly left = [];
  readonly #disk: SmallDisk | undefined;
  readonly #baseline: Numbers;
  readonly #undo: AsyncDisposableStack;

  private constructor(parts: Pick<Theatre, 'cluster' | 'company'>, { disk, baseline, undo }: Rest) {
    ({ cluster: this.cluster, company: this.company } = parts);
    this.#disk = disk;
    this.#baseline = baseline;
    this.#undo = undo;
  }

  /** Sets everything up; resolves when all clients are live. */
  static async open({ setting, brief, clients, channels: count, seed, onSmallDisk }: Size, signal: AbortSignal): Promise<Theatre> {
    await using undo = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'hubbub-prove-'));
    undo.defer(() => rmSync(folder, { recursive: true, force: true }));
    const disk = onSmallDisk ? undo.use(await SmallDisk.mount(folder, diskMegabytes)) : undefined;
    const cluster = undo.use(await Cluster.open(setting, folder));
    const url = `http://127.0.0.1:${cluster.port}`;
    const channels = Array.from({ length: count }, (_, at) => `room:prove-${at + 1}`);
    const founding = { url, credentials: { name: 'founder' }, signal };
    await openRooms({ ...founding, channels: [probeChannel] });
    const founder = await openRooms({ ...founding, channels });
    const members = [];
    for (let at = 1; at <= clients; at++) {
      const proxy = undo.use(await FaultProxy.open(cluster.port));
      members.push({ name: `client-${at}`, url: `http://127.0.0.1:${proxy.port}`, proxy });
    }
    const company = undo.use(await Company.open({ members, channels, seed, brief, founder, signal }));
    let baseline: Numbers = {};
    const quiet = async (): Promise<boolean> => {
      baseline = await total(cluster.nodes);
      return baseline['links'] === clients && ['flights', 'repairs', 'queued', 'reads'].every((name) => baseline[name] === 0);
    };
    if (!(await company.until(quiet, setUpPatience))) throw new Error(`the server does not come to rest: ${JSON.stringify(baseline)}`);
    return new Theatre({ cluster, company }, { disk, baseline, undo: undo.move() });
  }

  get urls(): readonly string[] {
    return this.cluster.nodes.map(({ url }) => url);
  }

  scene(dice: Dice): Scene {
    const { cluster, company, cuts } = this;
    const { crews, channels, proxies, brief, pause, until, violate } = company;
    const links = { crews, channels, proxies, brief, pause, until, violate, numbers: () => total(cluster.nodes) };
    return { ...links, cluster, server: dice.pick(cluster.nodes) ?? this.#server, disk: this.#disk, cuts };
  }

  looks(): Promise<readonly Look[]> {
    return Promise.all(this.cluster.nodes.map(async (node) => ({ process: node.pid, found: await node.foundByLook() })));
  }

  async heldMs(): Promise<number> {
    return this.cluster.nodes.reduce((sum, node) => sum + node.heldMs, 0);
  }

  async compare(when: string, patience: number, quiet = false): Promise<void> {
    const { nodes } = this.cluster;
    const { channels, until, violate } = this.company;
    const names = (quiet ? counters : steady).filter((name) => nodes.length === 1 || !ofEachNode.includes(name));
    let numbers: Numbers = {};
    const same = async (): Promise<boolean> => {
      numbers = await total(nodes);
      return names.every((name) => numbers[name] === this.#baseline[name]);
    };
    if (!(await until(same, patience))) {
      const changed = names.filter((name) => numbers[name] !== this.#baseline[name]);
      const texts = changed.map((name) => `${name} ${this.#baseline[name]} → ${numbers[name]}`);
      violate(`I8: ${when} it holds other than before: ${texts.join(', ')}`);
    }
    const bytes = numbers['tailBytes'] ?? 0;
    if (bytes > nodes.length * channels.length * tailBytes) violate(`I8: ${when} the newest events of its channels take ${bytes} bytes`);
  }

  readLog(): Promise<Log> {
    const { url, adminToken } = this.#server;
    return readLog(url, { token: adminToken }, this.company.channels);
  }

  /** Sends everybody home: the nodes must let go of all of them, and end well. The log is read by a program that trusts nothing. */
  async leave(patience: number): Promise<void> {
    const { until, violate } = this.company;
    await this.company[Symbol.asyncDispose]();
    let numbers: Numbers = {};
    const names = ['links', 'sessions', 'subscriptions'];
    const gone = async (): Promise<boolean> => {
      numbers = await total(this.cluster.nodes);
      return names.every((name) => numbers[name] === 0);
    };
    if (!(await until(gone, patience)))
      violate(`I8: everybody has gone, and the server holds ${names.map((name) => `${numbers[name]} ${name}`).join(', ')}`);
    await this.#finish();
  }

  async #finish(): Promise<void> {
    const { nodes, store } = this.cluster;
    const { violate } = this.company;
    // A database is read by a node that runs; a folder when none does.
    const early = store && (await this.#server.check());
    for (const node of nodes) {
      const { code, signal } = await node.end('SIGTERM');
      if (code !== 0) violate(`a node was told to end, and ended with ${code ?? signal}`);
    }
    const problem = store ? early : await this.#server.check();
    if (problem !== undefined) violate(`the log is not in order: ${problem}`);
  }

  /** A node that answers for all. */
  get #server(): Server {
    const [server] = this.cluster.nodes;
    if (!server) throw new Error('there are no nodes');
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }
}

async function total(nodes: readonly Server[]): Promise<Numbers> {
  const sums: Record<string, number> = {};
  for (const numbers of await Promise.all(nodes.map((node) => node.numbers()))) {
    for (const [name, value] of Object.entries(numbers)) if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value;
  }
  return sums;
}

interface Rest {
  readonly disk: SmallDisk | undefined;
  readonly baseline: Numbers;
  readonly undo: AsyncDisposableStack;
}
