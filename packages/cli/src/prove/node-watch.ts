import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import type { Look } from './stage.ts';

const askMs = 2_000;
/** Whoever is asked so often, on a new connection each time, and is always the same, is one node. */
const askings = 8;

const growing = ['cpu', 'found', 'heldMs'] as const;

/** What a node's process says of itself. All but its start only grow. */
interface Counts {
  readonly start: number;
  readonly cpu: number;
  readonly found: number;
  readonly heldMs: number;
}

/**
 * What a node that somebody else runs counts, as far as whoever shows this token is told. Behind an address may be several nodes, whose
 * counts mean nothing together: they show as another start of the process, or as a count that has become less.
 */
export class NodeWatch {
  readonly #urls: readonly string[];
  readonly #token: string | undefined;
  #asked = 0;
  #first: Counts | undefined;
  #last: Counts | undefined;
  /** Why it is not known any more: it was not told, or another one told it. */
  #lost: 'untold' | 'another' | undefined;

  private constructor(urls: readonly string[], token: string | undefined) {
    this.#urls = urls;
    this.#token = token;
  }

  /** Sees whether it is one node that answers there, and tells us. Of several addresses: whether it is one behind all of them. */
  static async open(urls: readonly string[], token: string | undefined): Promise<NodeWatch> {
    const watch = new NodeWatch(urls, token);
    for (let count = 0; count < askings; count++) await watch.#ask();
    return watch;
  }

  /** Several have answered. */
  get several(): boolean {
    return this.#lost === 'another';
  }

  /** Undefined: it is not known. */
  async look(): Promise<Look | undefined> {
    const counts = await this.#ask();
    return counts && { process: counts.start, found: counts.found };
  }

  /** Since it was opened; undefined: it is not known. */
  async heldMs(): Promise<number | undefined> {
    const counts = await this.#ask();
    return counts && counts.heldMs - (this.#first?.heldMs ?? 0);
  }

  /** What is not known once is not known from then on. */
  async #ask(): Promise<Counts | undefined> {
    const counts = this.#lost ? undefined : await this.#read();
    const last = this.#last;
    const grown = counts && (!last || (counts.start === last.start && growing.every((name) => counts[name] >= last[name])));
    if (!grown) this.#lost ??= counts ? 'another' : 'untold';
    if (this.#lost) return undefined;
    this.#first ??= counts;
    this.#last = counts;
    return counts;
  }

  async #read(): Promise<Counts | undefined> {
    const url = this.#urls[this.#asked % this.#urls.length] ?? '';
    this.#asked += 1;
    const text = await read(url, this.#token).catch(() => '');
    const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
    const counts = {
      start: value('process_start_time_seconds'),
      cpu: value('process_cpu_seconds_total'),
      found: value('hubbub_branches_total\\{branch="look_found"\\}'),
      heldMs: value('hubbub_branches_total\\{branch="held_ms"\\}'),
    };
    return Object.values(counts).every(Number.isFinite) ? counts : undefined;
  }
}

/** Asks for a node's metrics, on a connection of its own: a balancer then chooses anew. Rejects when it is not told. */
function read(url: string, token: string | undefined): Promise<string> {
  const target = new URL(url);
  target.pathname = `${target.pathname.replace(/\/$/, '')}/metrics`;
  const get = target.protocol === 'https:' ? getHttps : getHttp;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const asked = get(target, { agent: false, headers, signal: AbortSignal.timeout(askMs) }, (answer) => {
    let text = '';
    answer.setEncoding('utf8');
    answer.on('data', (some: string) => {
      text += some;
    });
    answer.on('error', reject);
    answer.on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(`HTTP status ${answer.statusCode}`))));
  });
  asked.on('error', reject);
  return promise;
}
