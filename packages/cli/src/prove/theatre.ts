import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultProxy } from '@hubbub/rig/proxy';
import { SmallDisk } from '@hubbub/rig/small-disk';
import { Cluster, type Setting } from './cluster.ts';
import { Crews } from './crews.ts';
import type { Scene } from './fault.ts';
import type { Account, Cut } from './history.ts';
import { openRooms } from './rooms.ts';
import type { Numbers, Server } from './server.ts';

export interface Size {
  readonly brief: boolean;
  readonly setting: Setting;
  readonly clients: number;
  readonly channels: number;
  readonly seed: number;
  /** The server's folder lies on a small disk. */
  readonly onSmallDisk: boolean;
}

const pollMs = 100;
const diskMegabytes = 512;
const setUpPatience = 60_000;
/** What goes back to what it was when clients come and go, and nothing is under way. */
const counters = ['links', 'sessions', 'channels', 'subscriptions', 'beyond', 'flights', 'repairs', 'queued', 'reads', 'watched'] as const;
/** While events flow these alone stand still. */
const steady: readonly string[] = counters.slice(0, 4);
/** Which of several nodes has somebody in which channel follows from where the balancer brings whom. */
const ofEachNode: readonly string[] = ['channels', 'watched'];
/** Of one node's process: how many events its look has found that no bell had named. */
export interface Look {
  readonly pid: number;
  readonly found: number;
}
/** The newest events of a channel that a node keeps in memory. */
const tailBytes = 256 * 1_024;

/** A server, clients that have subscribed to all channels, and the network between them; disposed of, nothing of it is left. */
export class Theatre implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly crews: Crews;
  readonly channels: readonly string[];
  readonly proxies: ReadonlyMap<string, FaultProxy>;
  readonly disk: SmallDisk | undefined;
  readonly cuts: Cut[] = [];
  /** Broken promises that no history shows. */
  readonly broken: string[] = [];
  /** Who has made the channels. */
  readonly founder: Account;
  readonly pause: Scene['pause'];
  readonly until: Scene['until'];
  readonly #brief: boolean;
  readonly #baseline: Numbers;
  readonly #undo: AsyncDisposableStack;

  private constructor(parts: Pick<Theatre, 'cluster' | 'crews' | 'channels' | 'proxies' | 'disk' | 'founder'>, rest: Rest) {
    ({ cluster: this.cluster, crews: this.crews, channels: this.channels } = parts);
    ({ proxies: this.proxies, disk: this.disk, founder: this.founder } = parts);
    ({ brief: this.#brief, baseline: this.#baseline, undo: this.#undo } = rest);
    this.pause = async (ms) => void (await sleep(ms, undefined, { signal: rest.signal }));
    this.until = poller(rest.signal);
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
    const founder = await openRooms(url, channels);
    const proxies = new Map<string, FaultProxy>();
    for (let at = 1; at <= clients; at++) proxies.set(`client-${at}`, undo.use(await FaultProxy.open(cluster.port)));
    const members = [...proxies].map(([name, { port }]) => ({ name, url: `http://127.0.0.1:${port}` }));
    const crews = undo.use(new Crews({ members, channels, seed }));
    const poll = poller(signal);
    if (!(await poll(async () => (await crews.standing()).live === clients, setUpPatience)))
      throw new Error('not all clients came to be live');
    let baseline: Numbers = {};
    const quiet = async (): Promise<boolean> => {
      baseline = await total(cluster.nodes);
      return baseline['links'] === clients && ['flights', 'repairs', 'queued', 'reads'].every((name) => baseline[name] === 0);
    };
    if (!(await poll(quiet, setUpPatience))) throw new Error(`the server does not come to rest: ${JSON.stringify(baseline)}`);
    return new Theatre({ cluster, crews, channels, proxies, disk, founder }, { brief, baseline, signal, undo: undo.move() });
  }

  readonly violate = (text: string): void => void this.broken.push(text);

  /** What all nodes hold, together. Throws while one does not answer. */
  readonly numbers = (): Promise<Numbers> => total(this.cluster.nodes);

  /** A node that answers for all. */
  get server(): Server {
    const [server] = this.cluster.nodes;
    if (!server) throw new Error('there are no nodes');
    return server;
  }

  /** The stage with a node in the middle. */
  scene(server: Server): Scene {
    const { cluster, numbers, crews, channels, proxies, disk, cuts, pause, until, violate } = this;
    return { cluster, server, numbers, crews, channels, proxies, disk, cuts, pause, until, violate, brief: this.#brief };
  }

  looks(): Promise<readonly Look[]> {
    return Promise.all(this.cluster.nodes.map(async (node) => ({ pid: node.pid, found: await node.foundByLook() })));
  }

  /** Holds the server to what it held before (I8): all of it where nothing flows any more, else who is there. */
  async compare(when: string, patience: number, quiet = false): Promise<void> {
    const { nodes } = this.cluster;
    const names = (quiet ? counters : steady).filter((name) => nodes.length === 1 || !ofEachNode.includes(name));
    let numbers: Numbers = {};
    const same = async (): Promise<boolean> => {
      numbers = await this.numbers();
      return names.every((name) => numbers[name] === this.#baseline[name]);
    };
    if (!(await this.until(same, patience))) {
      const changed = names.filter((name) => numbers[name] !== this.#baseline[name]);
      const texts = changed.map((name) => `${name} ${this.#baseline[name]} → ${numbers[name]}`);
      this.violate(`I8: ${when} it holds other than before: ${texts.join(', ')}`);
    }
    const bytes = numbers['tailBytes'] ?? 0;
    if (bytes > nodes.length * this.channels.length * tailBytes)
      this.violate(`I8: ${when} the newest events of its channels take ${bytes} bytes`);
  }

  /** Sends everybody home; the server must let go of all of them. */
  async empty(patience: number): Promise<void> {
    await this.crews[Symbol.asyncDispose]();
    let numbers: Numbers = {};
    const names = ['links', 'sessions', 'subscriptions'];
    const gone = async (): Promise<boolean> => {
      numbers = await this.numbers();
      return names.every((name) => numbers[name] === 0);
    };
    if (await this.until(gone, patience)) return;
    this.violate(`I8: everybody has gone, and the server holds ${names.map((name) => `${numbers[name]} ${name}`).join(', ')}`);
  }

  /** Ends the nodes, which must end well, and has the log read by a program that trusts nothing. */
  async finish(): Promise<void> {
    const { nodes, store } = this.cluster;
    // A database is read by a node that runs; a folder when none does.
    const early = store && (await this.server.check());
    for (const node of nodes) {
      const { code, signal } = await node.end('SIGTERM');
      if (code !== 0) this.violate(`a node was told to end, and ended with ${code ?? signal}`);
    }
    const problem = store ? early : await this.server.check();
    if (problem !== undefined) this.violate(`the log is not in order: ${problem}`);
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
  readonly brief: boolean;
  readonly baseline: Numbers;
  readonly signal: AbortSignal;
  readonly undo: AsyncDisposableStack;
}

/** Asks again and again until it is so. An error, such as of a server that does not answer, is a no. */
export function poller(signal: AbortSignal): Scene['until'] {
  return async (condition, patience) => {
    for (const end = performance.now() + patience; ; ) {
      if (await Promise.resolve(condition()).catch(() => false)) return true;
      if (performance.now() > end) return false;
      await sleep(pollMs, undefined, { signal });
    }
  };
}
