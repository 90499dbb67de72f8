import { resolve } from 'node:path';
import { untilCalm } from './calm.ts';
import { pause } from './clock.ts';
import { Gathering, type Outcome } from './findings.ts';
import { round } from './histogram.ts';
import { installPeers } from './peers.ts';
import { type Figures, type Findings, medians, type Parameters, ratios } from './report.ts';
import { makeRooms, roomNames, speak } from './rooms.ts';
import { type Running, startSystem, temporaryFolder } from './systems.ts';
import { peakOf, residentMb, usageOf } from './usage.ts';
import { type VisitorSummary, Visitors } from './visitor-processes.ts';

const logReads = resolve(import.meta.dirname, 'log-reads-on-signal.ts');
const everybodyIn = resolve(import.meta.dirname, 'everybody-in.ts');
const bodyBytes = 128;
const rounds = 3;
/** How long somebody may still be on his way when the last one has set out. */
const patience = 60_000;
/** What comes twice may come late. */
const afterwards = 500;
/** Returns that begin later than this are no storm of the length that was asked for. Milliseconds at the 99th percentile. */
const latestReturn = 100;

export interface Weather {
  readonly clients: number;
  readonly rooms: number;
  readonly roomsEach: number;
}

const weather: Weather = { clients: 5_000, rooms: 20, roomsEach: 4 };

interface Way {
  readonly system: 'hubbub' | 'socketio';
  /** At what pace hellos are taken: as the node does it, or whoever comes. */
  readonly hellos: 'limited' | 'all';
  /** What cut them off: their links broke, and the node knows the rooms still; or it was killed, and another one knows nothing. */
  readonly cut: 'links' | 'node';
  /** Events sent in each room meanwhile. */
  readonly missed: number;
}

const ours: readonly Way[] = [
  { system: 'hubbub', hellos: 'limited', cut: 'links', missed: 50 },
  { system: 'hubbub', hellos: 'limited', cut: 'node', missed: 50 },
  { system: 'hubbub', hellos: 'all', cut: 'links', missed: 50 },
  { system: 'hubbub', hellos: 'all', cut: 'links', missed: 0 },
];
/** It keeps nothing for who is away: what is measured is coming back alone. */
const theirs: Way = { system: 'socketio', hellos: 'all', cut: 'links', missed: 0 };

export const stormPeers = ['socketio'] as const;

export interface StormOptions {
  readonly peers: readonly (typeof stormPeers)[number][];
  /** Over how long all come back. */
  readonly seconds: number;
  readonly say: (text: string) => void;
}

/** Everybody is cut off at once, misses something, and comes back in a few seconds: ways in turn, each on a fresh server. */
export async function storm({ peers, seconds, say }: StormOptions, given: Weather = weather): Promise<Findings> {
  const found = new Gathering('storm', say);
  if (peers.length > 0) await installPeers(say);
  const parameters = ({ hellos, cut, missed }: Way): Parameters => ({ ...given, seconds, hellos, cut, missed });
  const runs = new Map<Way, (Figures | undefined)[]>([...ours, ...(peers.length > 0 ? [theirs] : [])].map((way) => [way, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [way, figures] of runs) {
      figures.push(await found.run(way.system, parameters(way), () => runStorm(way, given, seconds)));
    }
  }
  for (const [way, figures] of runs) {
    const whole = figures.filter((round) => round !== undefined);
    found.add(way.system, { ...parameters(way), rounds: whole.length }, medians(whole));
  }
  const alone = ours.find(({ hellos, missed }) => hellos === 'all' && missed === 0);
  const names = ['cpuMsPerClient', 'p50', 'p99', 'rssMb'];
  if (alone) found.add('hubbub/socketio', parameters(alone), ratios(runs.get(alone) ?? [], runs.get(theirs) ?? [], names));
  return found;
}

async function runStorm(way: Way, { clients, rooms, roomsEach }: Weather, seconds: number): Promise<Outcome<Figures>> {
  await using undo = new AsyncDisposableStack();
  const { system, missed } = way;
  const names = roomNames(rooms);
  await using stage = await setUp(way, temporaryFolder(undo), names);
  const visitors = undo.use(new Visitors({ system, rooms: names, roomsEach }));
  await visitors.grow(stage.running.port, clients);
  const { failed, firstFailure } = await visitors.report();
  if (failed > 0) return { figures: {}, void: `${failed} clients were lost before the storm: ${firstFailure}` };

  await visitors.cut();
  if (way.cut === 'node') await stage.renew();
  const { running } = stage;
  if (missed > 0) await speak(running, names, { events: missed, bodyBytes });
  await untilCalm();

  const before = { ...usageOf(running.pid), ...(await readsOf(running)) };
  await using memory = peakOf(running.pid);
  const back = await visitors.comeBack(running.port, { overMs: seconds * 1_000, missed, patience });
  const after = { ...usageOf(running.pid), ...(await readsOf(running)) };
  const rssMb = residentMb(running.pid);
  await pause(afterwards);
  const end = await visitors.report();
  const figures = {
    ...{ p50: back.waits.p50, p99: back.waits.p99, max: back.waits.max },
    notCaughtUp: clients - back.caughtUp,
    missing: clients * roomsEach * missed - end.delivered,
    cpuMsPerClient: round((after.cpuMs - before.cpuMs) / clients),
    dialsPerClient: round(back.tries / clients),
    ...(system === 'hubbub' && {
      pageReadsPerRoom: round((after.pages - before.pages) / rooms),
      headReads: after.heads - before.heads,
      factReads: after.facts - before.facts,
    }),
    ...{ rssMb, rssPeakMb: memory.mb, returnsLateP99: back.lateP99, clientsLateP99: back.loopLagP99 },
  };
  const why = whyVoid(end, back, running);
  return why === undefined ? { figures } : { figures, void: why };
}

function whyVoid({ failed, firstFailure }: VisitorSummary, { lateP99 }: VisitorSummary, running: Running): string | undefined {
  if (failed > 0) return `${failed} clients did not come back as they should: ${firstFailure} ${running.complaints()}`;
  return lateP99 > latestReturn ? `the returns were begun ${lateP99} ms late at p99` : undefined;
}

/** A server on a folder of its own, that can be killed and started anew there. */
interface Stage extends AsyncDisposable {
  readonly running: Running;
  renew(): Promise<void>;
}

async function setUp({ system, hellos }: Way, folder: string, rooms: readonly string[]): Promise<Stage> {
  const preloads = system === 'hubbub' ? [logReads, ...(hellos === 'all' ? [everybodyIn] : [])] : [];
  let running = await startSystem(system, { folder, preloads });
  const stage = {
    get running() {
      return running;
    },
    renew: async () => {
      await running[Symbol.asyncDispose]();
      running = await startSystem(system, { folder, preloads });
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
  if (system === 'hubbub') await makeRooms(running, rooms);
  return stage;
}

/** Calls of the node's store: for pages of events, for where channels stand, for facts, such as who may read. */
interface Reads {
  readonly pages: number;
  readonly heads: number;
  readonly facts: number;
}

async function readsOf(running: Running): Promise<Reads> {
  if (running.system !== 'hubbub') return { pages: 0, heads: 0, facts: 0 };
  return JSON.parse(await running.asked('reads')) as Reads;
}
