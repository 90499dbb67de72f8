import { join } from 'node:path';
import { Histogram, type Times } from './histogram.ts';
import { OrderProcess } from './order-process.ts';
import type { RoomSystem } from './room-dialects.ts';
import type { VisitorOrder, VisitorReport } from './visitor-orders.ts';

const processes = 2;

/** What all visitors together report. */
export interface VisitorSummary extends Omit<VisitorReport, 'waits'> {
  readonly waits: Times;
}

export interface VisitorsOptions {
  readonly system: RoomSystem;
  readonly rooms: readonly string[];
  /** How many of them each one reads. */
  readonly roomsEach: number;
}

/** Clients that read several rooms each, in some processes of their own. */
export class Visitors implements AsyncDisposable {
  readonly #options: VisitorsOptions;
  readonly #processes: readonly OrderProcess<VisitorOrder, VisitorReport>[];
  #count = 0;

  constructor(options: VisitorsOptions) {
    this.#options = options;
    const program = join(import.meta.dirname, 'visitors.ts');
    this.#processes = Array.from({ length: processes }, () => new OrderProcess<VisitorOrder, VisitorReport>(program));
  }

  /** Lets in so many that there are `count` of them, a multiple of the processes. Resolves when each is in its rooms. */
  async grow(port: number, count: number): Promise<void> {
    const more = Math.floor((count - this.#count) / processes);
    const enter = this.#processes.map((process, at) =>
      process.tell({ order: 'enter', port, from: this.#count + at * more, count: more, ...this.#options }),
    );
    await Promise.all(enter);
    this.#count += more * processes;
  }

  /** Breaks all links. */
  async cut(): Promise<void> {
    await this.#tell({ order: 'cut' });
  }

  /** All come back to where they stood. Resolves when each has the `missed` events of each of its rooms, or after `patience` ms more. */
  comeBack(port: number, back: { readonly overMs: number; readonly missed: number; readonly patience: number }): Promise<VisitorSummary> {
    return this.#tell({ order: 'return', port, ...back });
  }

  report(): Promise<VisitorSummary> {
    return this.#tell({ order: 'report' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((process) => process[Symbol.asyncDispose]()));
  }

  async #tell(order: VisitorOrder): Promise<VisitorSummary> {
    return summary(await Promise.all(this.#processes.map((process) => process.tell(order))));
  }
}

function summary(reports: readonly VisitorReport[]): VisitorSummary {
  const waits = new Histogram();
  for (const report of reports) waits.add(report.waits);
  const sum = (of: (report: VisitorReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  return {
    waits: waits.times,
    caughtUp: sum(({ caughtUp }) => caughtUp),
    tries: sum(({ tries }) => tries),
    delivered: sum(({ delivered }) => delivered),
    failed: sum(({ failed }) => failed),
    firstFailure: reports.find(({ firstFailure }) => firstFailure !== '')?.firstFailure ?? '',
    lateP99: Math.max(...reports.map(({ lateP99 }) => lateP99)),
    loopLagP99: Math.max(...reports.map(({ loopLagP99 }) => loopLagP99)),
  };
}
