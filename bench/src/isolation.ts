import { resolve } from 'node:path';
import { Process } from '@hubbub/rig/process';
import { Gathering, type Outcome } from './findings.ts';
import { type Load, offer, openStage, strideOf, voidReason } from './load.ts';
import { type Offence, offences } from './offender.ts';
import { type Figures, type Findings, medians, ratios } from './report.ts';

const load = { subscribers: 500, bodyBytes: 128, rate: 40 };
const pairs = 5;
const patience = 5_000;
const offender = resolve(import.meta.dirname, 'offender.ts');

export interface IsolationOptions {
  readonly seconds: number;
  readonly say: (text: string) => void;
}

/** What one client that behaves badly costs the others: their latency with and without it, in pairs, for each way of behaving badly. */
export async function isolation({ seconds, say }: IsolationOptions): Promise<Findings> {
  const found = new Gathering('isolation', say);
  for (const offence of offences) {
    const alone: (Figures | undefined)[] = [];
    const beside: (Figures | undefined)[] = [];
    const parameters = { ...load, seconds, pairs };
    for (let pair = 0; pair < pairs; pair++) {
      alone.push(await found.run('hubbub', { ...parameters, beside: 'nobody' }, () => run({ ...load, seconds }, undefined)));
      beside.push(await found.run('hubbub', { ...parameters, beside: offence }, () => run({ ...load, seconds }, offence)));
    }
    found.add('hubbub', { ...parameters, beside: 'nobody' }, medians(alone.filter((one) => one !== undefined)));
    found.add('hubbub', { ...parameters, beside: offence }, medians(beside.filter((one) => one !== undefined)));
    found.add(`${offence}/nobody`, parameters, ratios(beside, alone, ['p50', 'p99', 'p999']));
  }
  return found;
}

/** One run on a fresh server; times are those of the clients that behave. */
async function run(given: Load, offence: Offence | undefined): Promise<Outcome<Figures>> {
  await using undo = new AsyncDisposableStack();
  const stage = undo.use(await openStage('hubbub', given));
  const { running, clients } = stage;
  const count = Math.ceil(given.rate * given.seconds);
  if (offence) {
    const args = [offender, String(running.port), offence];
    undo.use(await Process.start({ command: process.execPath, args, ready: /bad\n/ }));
  }
  await clients.tell({ order: 'start', stride: 1 });
  await offer(stage, { count: given.rate, rate: given.rate });
  await clients.tell({ order: 'until', events: given.rate, whom: 'all', patience });
  await clients.tell({ order: 'start', stride: strideOf(given) });
  const lateP99 = await offer(stage, { count, rate: given.rate });
  const report = await clients.tell({ order: 'until', events: count, whom: 'all', patience });
  const { p50, p99, p999 } = report.latency;
  const figures = { p50, p99, p999, missing: count * given.subscribers - report.delivered, gaps: report.gaps, closed: report.closed };
  const why = voidReason(report, lateP99);
  return why === undefined ? { figures } : { figures, void: why };
}
