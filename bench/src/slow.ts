import { Gathering, type Outcome } from './findings.ts';
import { round } from './histogram.ts';
import { type Load, offer, openStage, strideOf, voidReason } from './load.ts';
import { type Figures, type Findings, ratios } from './report.ts';
import { peakOf, residentMb, usageOf } from './usage.ts';

const load = { subscribers: 1_000, bodyBytes: 4_096, rate: 40 };
const stalledClients = 100;
const pingMs = 10_000;
/** The runs without slow ones are there to compare, and need not be as long. */
const comparedSeconds = 20;
/** For the last events to come; and for all that the slow ones have yet to get when they read again. */
const patience = 5_000;
const catchUpPatience = 120_000;

export interface SlowOptions {
  readonly seconds: number;
  readonly say: (text: string) => void;
}

/** 100 of 1,000 clients do not read: what that costs the others, the server, and themselves. Before and after it, a run without them. */
export async function slow({ seconds, say }: SlowOptions): Promise<Findings> {
  const found = new Gathering('slow', say);
  const run = async (stalled: number, length: number): Promise<Figures | undefined> => {
    const parameters = { ...load, stalled, seconds: length };
    const figures = await found.run('hubbub', parameters, () => runSlow({ ...load, seconds: length }, stalled));
    if (figures) found.add('hubbub', parameters, figures);
    return figures;
  };
  const before = await run(0, Math.min(seconds, comparedSeconds));
  const beside = await run(stalledClients, seconds);
  const after = await run(0, Math.min(seconds, comparedSeconds));
  const names = ['cpuUsPerDelivery', 'p50', 'p99', 'p999', 'rssPeakMb'];
  found.add('with slow ones/without', { ...load, stalled: stalledClients }, ratios([beside, beside], [before, after], names));
  return found;
}

/** One run on a fresh server; times are those of the clients that read. */
async function runSlow(run: Load, stalled: number): Promise<Outcome<Figures>> {
  await using stage = await openStage('hubbub', run);
  const { running, clients } = stage;
  const count = Math.ceil(run.rate * run.seconds);
  const readers = run.subscribers - stalled;
  await clients.tell({ order: 'start', stride: 1 });
  await offer(stage, { count: run.rate, rate: run.rate });
  const warm = await clients.tell({ order: 'until', events: run.rate, whom: 'all', patience });
  if (stalled > 0) await clients.stall(stalled, pingMs);

  await clients.tell({ order: 'start', stride: strideOf(run) });
  const rssMb = residentMb(running.pid);
  await using memory = peakOf(running.pid);
  const used = usageOf(running.pid).cpuMs;
  const lateP99 = await offer(stage, { count, rate: run.rate });
  const loaded = await clients.tell({ order: 'until', events: count, whom: 'readers', patience });
  const cpuMs = usageOf(running.pid).cpuMs - used;
  const last = warm.cursor + count;
  const figures = {
    cpuUsPerDelivery: round((cpuMs * 1_000) / Math.max(1, loaded.delivered)),
    ...{ p50: loaded.latency.p50, p99: loaded.latency.p99, p999: loaded.latency.p999, samples: loaded.latency.count },
    missing: count * readers - loaded.delivered,
    offeredMbToEach: Math.round((count * run.bodyBytes) / 1e6),
    ...{ rssMb, rssPeakMb: memory.mb },
  };
  const why = voidReason(loaded, lateP99) ?? (loaded.cursorOfReaders < last ? 'the clients that read did not get everything' : undefined);
  if (stalled === 0) return why === undefined ? { figures } : { figures, void: why };

  const waited = performance.now();
  await clients.tell({ order: 'resume' });
  const end = await clients.tell({ order: 'until', events: count, whom: 'all', patience: catchUpPatience });
  const caughtUp = {
    ...figures,
    catchUpSeconds: round((performance.now() - waited) / 1_000),
    rssPeakCatchingUpMb: memory.mb,
    slowMissing: Math.max(0, last - end.cursor),
    gaps: end.gaps,
    closed: end.closed,
  };
  return why === undefined ? { figures: caughtUp } : { figures: caughtUp, void: why };
}
