import { Worker } from 'node:worker_threads';
import type { Answered, Asked, CrewData, Order, Standing } from './crew-orders.ts';
import type { Account } from './history.ts';

/** More in one thread would be late by themselves. */
const perThread = 25;
const onTheSdk = new URL('./crew.ts', import.meta.url);

/** All clients of a run, in threads of their own. */
export class Crews implements AsyncDisposable {
  readonly #crews: readonly Crew[];

  /** Starts a client for each of `members`; they connect and subscribe at once. `file`: what a thread runs; left out, clients on our SDK. */
  constructor({ members, ...rest }: CrewData, file: URL = onTheSdk) {
    const threads = Math.ceil(members.length / perThread);
    this.#crews = Array.from(
      { length: threads },
      (_, at) => new Crew({ ...rest, members: members.filter((_, member) => member % threads === at) }, file),
    );
  }

  /** So many events a second, together, from now on. */
  async load(rate: number): Promise<void> {
    await this.#tell({ order: 'load', rate: rate / this.#crews.length });
  }

  /** So many events of so many bytes each, none from those who are named in `spared`. Resolves when all are answered. */
  async bulk(count: number, bytes: number, spared: readonly string[]): Promise<void> {
    await this.#tell({ order: 'bulk', count: Math.ceil(count / this.#crews.length), bytes, spared });
  }

  async standing(): Promise<Standing> {
    const all = (await this.#tell({ order: 'standing' })).map(({ standing }) => standing);
    const sum = (of: (one: Standing) => number): number => all.reduce((total, one) => total + of(one), 0);
    const channels = Object.keys(all[0]?.lowest ?? {});
    return {
      unanswered: sum(({ unanswered }) => unanswered),
      answered: sum(({ answered }) => answered),
      live: sum(({ live }) => live),
      lowest: Object.fromEntries(channels.map((channel) => [channel, Math.min(...all.map(({ lowest }) => lowest[channel] ?? 0))])),
    };
  }

  async accounts(): Promise<readonly Account[]> {
    return (await this.#tell({ order: 'report' })).flatMap(({ accounts }) => accounts);
  }

  /** Ends them where they stand: their links break. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#crews.map((crew) => crew.end()));
  }

  #tell(order: Order): Promise<Answered[]> {
    return Promise.all(this.#crews.map((crew) => crew.tell(order)));
  }
}

class Crew {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<Answered>>();
  #number = 0;
  #error: unknown;

  constructor(workerData: CrewData, file: URL) {
    this.#worker = new Worker(file, { workerData });
    this.#worker.on('message', (answer: Answered) => {
      this.#waiting.get(answer.number)?.resolve(answer);
      this.#waiting.delete(answer.number);
    });
    this.#worker.on('error', (error) => this.#failed(error));
    this.#worker.on('exit', () => this.#failed(new Error('a thread of clients has ended')));
  }

  tell(order: Order): Promise<Answered> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    this.#number += 1;
    const waiting = Promise.withResolvers<Answered>();
    this.#waiting.set(this.#number, waiting);
    this.#worker.postMessage({ number: this.#number, order } satisfies Asked);
    return waiting.promise;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #failed(error: unknown): void {
    this.#error ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
