import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Exit, Process } from '@hubbub/rig/process';

const main = resolve(import.meta.dirname, '../main.ts');
const askMs = 2_000;
const sampleMs = 1_000;

/** What a node says of itself, in numbers (`GET /v1/node`). */
export type Numbers = Readonly<Record<string, number>>;

/** A real server of a run, a process of its own, which is ended and started again on the same folder and port. */
export class Server implements AsyncDisposable {
  readonly data: string;
  readonly #args: readonly string[];
  /** Its port, from the first start on. */
  port = 0;
  #process: Process | undefined;
  #sampler: NodeJS.Timeout | undefined;
  /** For how long its processes have held what they had to give, by process: as they last said before they ended. */
  readonly #heldMs = new Map<number, number>();

  /** `args`: flags of `serve` besides. */
  constructor(data: string, args: readonly string[] = []) {
    this.data = data;
    this.#args = args;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** 0 while none runs. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Shown to it, one may everything. */
  get adminToken(): string {
    return readFileSync(join(this.data, 'admin.token'), 'utf8').trim();
  }

  get heldMs(): number {
    return Math.round([...this.#heldMs.values()].reduce((sum, one) => sum + one, 0));
  }

  /** Starts it and waits until it listens. Throws with its output when it will not. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const args = [main, 'serve', '--host', '127.0.0.1', '--port', String(this.port), '--data', this.data, ...this.#args];
    this.#process = await Process.start({ command: process.execPath, args, env, ready: /^hubbub listening on .*\n/m });
    this.port = Number(this.#process.match(/^hubbub listening on http:\/\/\S+:(\d+)\n/m)[1]);
    clearInterval(this.#sampler);
    this.#sampler = setInterval(() => void this.#sample(), sampleMs);
  }

  /** Ends it with a signal, and waits for its end. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Exit> {
    clearInterval(this.#sampler);
    const ending = this.#process;
    if (!ending) throw new Error('no server runs');
    const exit = await ending.kill(signal);
    this.#process = undefined;
    return exit;
  }

  /** It stops where it stands, and goes on. */
  pause(on: boolean): void {
    this.#process?.signal(on ? 'SIGSTOP' : 'SIGCONT');
  }

  /** See Process. */
  get state(): string | undefined {
    return this.#process?.state;
  }

  /** What it holds now. Throws when it does not answer within 2 s, or refuses. */
  async numbers(): Promise<Numbers> {
    return JSON.parse(await this.#read('/v1/node')) as Numbers;
  }

  /** How many events its look has found that no bell had named, since its process began. Throws like `numbers`. */
  foundByLook(): Promise<number> {
    return this.#count('look_found');
  }

  /** Asks it by HTTP, as its administrator. */
  ask(path: string, body?: object): Promise<Response> {
    return fetch(this.url + path, {
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
      headers: { authorization: `Bearer ${this.adminToken}`, ...(body && { 'content-type': 'application/json' }) },
      signal: AbortSignal.timeout(askMs),
    });
  }

  /** Has the whole log read, by the server where one runs, and answers what is wrong with it. */
  async check(): Promise<string | undefined> {
    const { code, stdout, stderr } = await Process.run({ command: process.execPath, args: [main, 'check', '--data', this.data] });
    return code === 0 ? undefined : `${stdout}${stderr}`.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sampler);
    await this.#process?.[Symbol.asyncDispose]();
  }

  async #sample(): Promise<void> {
    const { pid } = this;
    const held = await this.#count('held_ms').catch(() => undefined);
    if (held !== undefined) this.#heldMs.set(pid, held);
  }

  async #read(path: string): Promise<string> {
    const answer = await this.ask(path);
    const text = await answer.text();
    // What it does not tell is not nothing.
    if (!answer.ok) throw new Error(`the server answers ${path} with ${answer.status}: ${text.slice(0, 200)}`);
    return text;
  }

  /** What its core has counted under this name, since its process began. */
  async #count(name: string): Promise<number> {
    const text = await this.#read('/metrics');
    return Number(new RegExp(`^hubbub_branches_total\\{branch="${name}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  }
}
