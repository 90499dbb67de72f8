import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultProxy } from '@hubbub/rig/proxy';
import { SmallDisk } from '@hubbub/rig/small-disk';
import { Crews } from './crews.ts';
import type { Scene } from './fault.ts';
import type { Account, Cut } from './history.ts';
import { openRooms } from './rooms.ts';
import { type Numbers, Server } from './server.ts';

export interface Size {
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
/** The newest events of a channel that a node keeps in memory. */
const tailBytes = 256 * 1_024;

/** A server, clients that have subscribed to all channels, and the network between them; disposed of, nothing of it is left. */
export class Theatre implements Scene, AsyncDisposable {
  readonly server: Server;
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
  readonly #baseline: Numbers;
  readonly #undo: AsyncDisposableStack;

  private constructor(parts: Pick<Theatre, 'server' | 'crews' | 'channels' | 'proxies' | 'disk' | 'founder'>, rest: Rest) {
    ({ server: this.server, crews: this.crews, channels: this.channels } = parts);
    ({ proxies: this.proxies, disk: this.disk, founder: this.founder } = parts);
    ({ baseline: this.#baseline, undo: this.#undo } = rest);
    this.pause = async (ms) => void (await sleep(ms, undefined, { signal: rest.signal }));
    this.until = poller(rest.signal);
  }

  /** Sets everything up; resolves when all clients are live. */
  static async open({ clients, channels: count, seed, onSmallDisk }: Size, signal: AbortSignal): Promise<Theatre> {
    await using undo = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), 'hubbub-prove-'));
    undo.defer(() => rmSync(folder, { recursive: true, force: true }));
    const disk = onSmallDisk ? undo.use(await SmallDisk.mount(folder, diskMegabytes)) : undefined;
    const data = join(folder, 'data');
    mkdirSync(data);
    const server = undo.use(new Server(data));
    await server.start();
    const channels = Array.from({ length: count }, (_, at) => `room:prove-${at + 1}`);
    const founder = await openRooms(server.url, channels);
    const proxies = new Map<string, FaultProxy>();
    for (let at = 1; at <= clients; at++) proxies.set(`client-${at}`, undo.use(await FaultProxy.open(server.port)));
    const members = [...proxies].map(([name, { port }]) => ({ name, url: `http://127.0.0.1:${port}` }));
    const crews = undo.use(new Crews({ members, channels, seed }));
    const poll = poller(signal);
    if (!(await poll(async () => (await crews.standing()).live === clients, setUpPatience)))
      throw new Error('not all clients came to be live');
    let baseline: Numbers = {};
    const quiet = async (): Promise<boolean> => {
      baseline = await server.numbers();
      return baseline['links'] === clients && ['flights', 'repairs', 'queued', 'reads'].every((name) => baseline[name] === 0);
    };
    if (!(await poll(quiet, setUpPatience))) throw new Error(`the server does not come to rest: ${JSON.stringify(baseline)}`);
    return new Theatre({ server, crews, channels, proxies, disk, founder }, { baseline, signal, undo: undo.move() });
  }

  readonly violate = (text: string): void => void this.broken.push(text);

  /** Holds the server to what it held before (I8): all of it where nothing flows any more, else who is there. */
  async compare(when: string, patience: number, quiet = false): Promise<void> {
    const names = quiet ? counters : steady;
    let numbers: Numbers = {};
    const same = async (): Promise<boolean> => {
      numbers = await this.server.numbers();
      return names.every((name) => numbers[name] === this.#baseline[name]);
    };
    if (!(await this.until(same, patience))) {
      const changed = names.filter((name) => numbers[name] !== this.#baseline[name]);
      const texts = changed.map((name) => `${name} ${this.#baseline[name]} → ${numbers[name]}`);
      this.violate(`I8: ${when} the server holds other than before: ${texts.join(', ')}`);
    }
    const bytes = numbers['tailBytes'] ?? 0;
    if (bytes > this.channels.length * tailBytes) this.violate(`I8: ${when} the newest events of its channels take ${bytes} bytes`);
  }

  /** Sends everybody home; the server must let go of all of them. */
  async empty(patience: number): Promise<void> {
    await this.crews[Symbol.asyncDispose]();
    let numbers: Numbers = {};
    const names = ['links', 'sessions', 'subscriptions'];
    const gone = async (): Promise<boolean> => {
      numbers = await this.server.numbers();
      return names.every((name) => numbers[name] === 0);
    };
    if (await this.until(gone, patience)) return;
    this.violate(`I8: everybody has gone, and the server holds ${names.map((name) => `${numbers[name]} ${name}`).join(', ')}`);
  }

  /** Ends the server, which must end well, and has its log read by a program that trusts nothing. */
  async finish(): Promise<void> {
    const { code, signal } = await this.server.end('SIGTERM');
    if (code !== 0) this.violate(`the server was told to end, and ended with ${code ?? signal}`);
    const problem = await this.server.check();
    if (problem !== undefined) this.violate(`the log is not in order: ${problem}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }
}

interface Rest {
  readonly baseline: Numbers;
  readonly signal: AbortSignal;
  readonly undo: AsyncDisposableStack;
}

/** Asks again and again until it is so. An error, such as of a server that does not answer, is a no. */
function poller(signal: AbortSignal): Scene['until'] {
  return async (condition, patience) => {
    for (const end = performance.now() + patience; ; ) {
      if (await Promise.resolve(condition()).catch(() => false)) return true;
      if (performance.now() > end) return false;
      await sleep(pollMs, undefined, { signal });
    }
  };
}
