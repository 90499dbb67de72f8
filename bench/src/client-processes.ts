import { join } from 'node:path';
import type { System } from './dialects.ts';
import { Histogram, type Times } from './histogram.ts';
import { OrderProcess } from './order-process.ts';
import type { Order, Report } from './orders.ts';

/** One alone would be late by itself when a thousand sockets can be read at once. */
const processes = 2;

/** What all clients together report. */
export interface Summary extends Omit<Report, 'latency'> {
  readonly latency: Times;
}

/** Subscribers, in some processes of their own. */
export class Clients implements AsyncDisposable {
  readonly #processes: readonly OrderProcess<Order, Report>[];

  private constructor(some: readonly OrderProcess<Order, Report>[]) {
    this.#processes = some;
  }

  /** Starts `count` subscribers of the server at `port`; they have subscribed when it resolves. */
  static async open(system: System, port: number, count: number): Promise<Clients> {
    const program = join(import.meta.dirname, 'clients.ts');
    const clients = new Clients(Array.from({ length: processes }, () => new OrderProcess<Order, Report>(program)));
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
