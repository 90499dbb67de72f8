import { join } from 'node:path';
import { Histogram, type Times } from './histogram.ts';
import { OrderProcess } from './order-process.ts';
import type { Company, TalkerOrder, TalkerReport } from './talker-orders.ts';

const processes = 2;

/** What all talkers together report. */
export interface TalkerSummary extends Omit<TalkerReport, 'waits'> {
  readonly waits: Times;
}

/** Clients that speak to each other in rooms, in some processes of their own. */
export class Talkers implements AsyncDisposable {
  readonly #processes: readonly OrderProcess<TalkerOrder, TalkerReport>[];

  constructor() {
    const program = join(import.meta.dirname, 'talkers.ts');
    this.#processes = Array.from({ length: processes }, () => new OrderProcess<TalkerOrder, TalkerReport>(program));
  }

  /** All come in, at the nodes behind `ports`. Resolves when each is in its room. */
  async enter(company: Company, ports: readonly number[]): Promise<void> {
    const count = company.all / processes;
    await Promise.all(this.#processes.map((one, at) => one.tell({ order: 'enter', ...company, ports, from: at * count, count })));
  }

  /** Each says something `turns` times, `rate` a second all together. Resolves when all is heard, or after `patience` ms more. */
  async talk(turns: number, rate: number, patience: number): Promise<TalkerSummary> {
    await this.#tell({ order: 'start' });
    return this.#tell({ order: 'talk', turns, rate: rate / processes, patience });
  }

  async #tell(order: TalkerOrder): Promise<TalkerSummary> {
    return summary(await Promise.all(this.#processes.map((one) => one.tell(order))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((one) => one[Symbol.asyncDispose]()));
  }
}

function summary(reports: readonly TalkerReport[]): TalkerSummary {
  const waits = new Histogram();
  for (const report of reports) waits.add(report.waits);
  const sum = (of: (report: TalkerReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  return {
    waits: waits.times,
    said: sum(({ said }) => said),
    heard: sum(({ heard }) => heard),
    putOff: sum(({ putOff }) => putOff),
    failed: sum(({ failed }) => failed),
    firstFailure: reports.find(({ firstFailure }) => firstFailure !== '')?.firstFailure ?? '',
    lateP99: Math.max(...reports.map(({ lateP99 }) => lateP99)),
    loopLagP99: Math.max(...reports.map(({ loopLagP99 }) => loopLagP99)),
  };
}
