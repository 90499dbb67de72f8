import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { System } from './dialects.ts';
import { Histogram, type Times } from './histogram.ts';
import type { Answer, Letter, Order, Report } from './orders.ts';

/** One alone would be late by itself when a thousand sockets can be read at once. */
const processes = 2;

/** What all clients together report. */
export interface Summary extends Omit<Report, 'latency'> {
  readonly latency: Times;
}

/** Subscribers, in some processes of their own. */
export class Clients implements AsyncDisposable {
  readonly #processes: readonly ClientProcess[];

  private constructor(some: readonly ClientProcess[]) {
    this.#processes = some;
  }

  /** Starts `count` subscribers of the server at `port`; they have subscribed when it resolves. */
  static async open(system: System, port: number, count: number): Promise<Clients> {
    const clients = new Clients(Array.from({ length: processes }, () => new ClientProcess()));
    try {
      await clients.tell({ order: 'open', system, port, count: Math.floor(count / processes) });
      return clients;
    } catch (error) {
      await clients[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Gives an order to each process. Resolves when all have carried it out. */
  async tell(order: Order): Promise<Summary> {
    return summary(await Promise.all(this.#processes.map((one) => one.tell(order))));
  }

  /** `count` of them, as many of each process, read no more, but say every `pingMs` that they are there. */
  stall(count: number, pingMs: number): Promise<Summary> {
    return this.tell({ order: 'stall', count: Math.floor(count / processes), pingMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((one) => one[Symbol.asyncDispose]()));
  }
}

function summary(reports: readonly Report[]): Summary {
  const latency = new Histogram();
  for (const report of reports) latency.add(report.latency);
  const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const least = (of: (report: Report) => number): number => Math.min(...reports.map(of));
  return {
    latency: latency.times,
    delivered: sum(({ delivered }) => delivered),
    gaps: sum(({ gaps }) => gaps),
    closed: sum(({ closed }) => closed),
    firstClose: reports.find(({ firstClose }) => firstClose !== '')?.firstClose ?? '',
    cursor: least(({ cursor }) => cursor),
    cursorOfReaders: least(({ cursorOfReaders }) => cursorOfReaders),
    loopLagP99: Math.max(...reports.map(({ loopLagP99 }) => loopLagP99)),
  };
}

/** The bench's end of a process of clients. It ends by itself when the bench does: their channel breaks. */
class ClientProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<Report>>();
  #id = 0;

  constructor() {
    this.#child = fork(join(import.meta.dirname, 'clients.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => this.#hear(message as Answer));
    this.#child.once('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the clients have ended (${code ?? signal})`));
    });
  }

  tell(order: Order): Promise<Report> {
    this.#id += 1;
    const waiting = Promise.withResolvers<Report>();
    this.#waiting.set(this.#id, waiting);
    const letter: Letter = { id: this.#id, order };
    this.#child.send(letter);
    return waiting.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  #hear({ id, report, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (report) waiting?.resolve(report);
    else waiting?.reject(new Error(error));
  }
}
