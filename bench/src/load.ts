/** One run of one system: a fresh server, subscribers in a process of their own, a sender that keeps to its schedule. */
import { untilCalm } from './calm.ts';
import { Clients, type Summary } from './client-processes.ts';
import { channel, type System } from './dialects.ts';
import type { Outcome } from './findings.ts';
import { round } from './histogram.ts';
import { makeRooms } from './rooms.ts';
import { latestMs, onSchedule, type Pace, tooLate } from './schedule.ts';
import { openSender, type Sender } from './sender.ts';
import { type Running, startSystem } from './systems.ts';
import { residentMb, usageOf } from './usage.ts';

export interface Load {
  readonly subscribers: number;
  readonly bodyBytes: number;
  /** Events a second. */
  readonly rate: number;
  readonly seconds: number;
}

/** Times in milliseconds, from when an event was due to be sent. */
export type LoadFigures = Readonly<
  Record<'cpuUsPerDelivery' | 'p50' | 'p99' | 'p999' | 'samples' | 'rssMb' | 'delivered' | 'missing', number> & {
    writesPerDelivery?: number;
  }
>;

/** So many deliveries a second tell their latency: 50 million in a run would be work for the clients. */
const samplesPerSecond = 20_000;
/** What has not come so long after the last send is counted as not delivered. */
const patience = 5_000;
/** Compiles what is hot, in server and clients. */
const warmUp = { count: 100, rate: 100 };

/** A system that runs, its subscribers and its sender. */
export interface Stage extends AsyncDisposable {
  readonly running: Running;
  readonly clients: Clients;
  readonly sender: Sender;
  /** The number of the next event. */
  next: number;
}

/** Starts a system with its subscribers and its sender. */
export async function openStage(system: System, { subscribers, bodyBytes }: Pick<Load, 'subscribers' | 'bodyBytes'>): Promise<Stage> {
  await using undo = new AsyncDisposableStack();
  const running = undo.use(await startSystem(system));
  if (system === 'hubbub') await makeRooms(running, [channel]);
  const clients = undo.use(await Clients.open(system, running.port, subscribers));
  const sender = undo.use(await openSender(running, bodyBytes));
  // That takes a while: what was calm before may be so no more.
  await untilCalm();
  const all = undo.move();
  return { running, clients, sender, next: 1, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Runs one load on a fresh system. `matters` is asked whether clients that were late make the figures worthless. */
export async function runLoad(system: System, load: Load, matters = (_: LoadFigures): boolean => true): Promise<Outcome<LoadFigures>> {
  await using stage = await openStage(system, load);
  const { running, clients } = stage;
  await clients.tell({ order: 'start', stride: 1 });
  await offer(stage, warmUp);
  await clients.tell({ order: 'until', events: warmUp.count, whom: 'all', patience });

  await clients.tell({ order: 'start', stride: strideOf(load) });
  const before = usageOf(running.pid);
  const count = Math.ceil(load.rate * load.seconds);
  const expected = count * load.subscribers;
  const lateP99 = await offer(stage, { count, rate: load.rate });
  const report = await clients.tell({ order: 'until', events: count, whom: 'all', patience });
  const after = usageOf(running.pid);
  const { delivered, latency } = report;
  const per = (value: number): number => round(value / Math.max(1, delivered));
  const figures = {
    cpuUsPerDelivery: per((after.cpuMs - before.cpuMs) * 1_000),
    p50: latency.p50,
    p99: latency.p99,
    p999: latency.p999,
    samples: latency.count,
    ...(countsWrites(system) ? { writesPerDelivery: per(after.writes - before.writes) } : {}),
    rssMb: residentMb(running.pid),
    delivered,
    missing: expected - delivered,
  };
  const why = (matters(figures) ? clientsLate(report) : undefined) ?? tooLate(lateP99) ?? wrong(report, stage);
  return why === undefined ? { figures } : { figures, void: why };
}

/** Bun sends with send(2), which /proc counts as no write; what it counts of its main thread is its log. strace sees both. */
function countsWrites(system: System): boolean {
  return system !== 'bun' && system !== 'bun-append';
}

/** One message in so many tells its latency. */
export function strideOf({ rate, subscribers }: Pick<Load, 'rate' | 'subscribers'>): number {
  return Math.max(1, Math.ceil((rate * subscribers) / samplesPerSecond));
}

/** Sends events on schedule. Returns by how much the sender itself was late, in milliseconds at the 99th percentile. */
export function offer(stage: Stage, pace: Pace): Promise<number> {
  return onSchedule(pace, (due) => {
    stage.sender.send(stage.next, due);
    stage.next += 1;
  });
}

/** Why a run measured the bench and not the system, if it did. */
export function voidReason(report: Summary, lateP99: number): string | undefined {
  return clientsLate(report) ?? tooLate(lateP99);
}

function clientsLate({ loopLagP99 }: Summary): string | undefined {
  return loopLagP99 > latestMs ? `the clients' own loop was ${loopLagP99} ms late at p99` : undefined;
}

/** What no load excuses: it makes the figures worthless. */
function wrong({ gaps, closed, firstClose }: Summary, { sender, running }: Stage): string | undefined {
  if (gaps > 0) return `${gaps} messages did not begin where the one before had ended`;
  if (closed > 0) return `${closed} subscribers were cut off: ${firstClose} ${running.complaints()}`;
  return sender.refused > 0 ? `${sender.refused} events were refused` : undefined;
}
