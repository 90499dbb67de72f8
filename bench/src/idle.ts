import { resolve } from 'node:path';
import { pause } from './clock.ts';
import { Gathering, type Outcome } from './findings.ts';
import { round } from './histogram.ts';
import { installPeers } from './peers.ts';
import { type Figures, type Findings, medians, ratios } from './report.ts';
import type { RoomSystem } from './room-dialects.ts';
import { makeRooms, roomNames } from './rooms.ts';
import { slope } from './slope.ts';
import { type Running, startSystem } from './systems.ts';
import { kernelBytes, mostOpenFiles } from './usage.ts';
import { Visitors } from './visitor-processes.ts';

const memoryOnSignal = resolve(import.meta.dirname, 'memory-on-signal.ts');
const rounds = 3;
/** The server's own files, its log and its listening socket. */
const otherFiles = 200;

export interface Crowd {
  readonly rooms: number;
  readonly roomsEach: number;
  /** So many connections are added at a time, so often. */
  readonly step: number;
  readonly steps: number;
}

const crowd: Crowd = { rooms: 1_000, roomsEach: 5, step: 2_000, steps: 5 };

export const idlePeers = ['ws', 'socketio'] as const;

export interface IdleOptions {
  readonly peers: readonly (typeof idlePeers)[number][];
  /** For how long nothing is done before memory is read. */
  readonly seconds: number;
  readonly say: (text: string) => void;
}

/** What connections cost that do nothing: memory by the number of them, ours and the peers' in turn, each on a fresh server. */
export async function idle({ peers, seconds, say }: IdleOptions, given: Crowd = crowd): Promise<Findings> {
  const found = new Gathering('idle', say);
  if (peers.length > 0) await installPeers(say);
  const connections = given.step * given.steps;
  const parameters = { connections, steps: given.steps, rooms: given.rooms, roomsEach: given.roomsEach, seconds };
  const files = mostOpenFiles();
  if (files < connections + otherFiles) {
    found.leaveOut(
      'hubbub',
      parameters,
      `a process may have ${files} files open here; ulimit -n ${connections + otherFiles} lets it have enough`,
    );
    return found;
  }
  const runs = new Map<RoomSystem, (Figures | undefined)[]>((['hubbub', ...peers] as const).map((system) => [system, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [system, figures] of runs) figures.push(await found.run(system, parameters, () => runIdle(system, given, seconds)));
  }
  for (const [system, figures] of runs) {
    const whole = figures.filter((round) => round !== undefined);
    found.add(system, { ...parameters, rounds: whole.length }, medians(whole));
    if (system === 'hubbub') continue;
    found.add(`hubbub/${system}`, parameters, ratios(runs.get('hubbub') ?? [], figures, ['rssKib', 'heapKib']));
  }
  return found;
}

/** What a process that has collected its garbage, and the kernel, hold for so many connections: bytes. */
interface Memory {
  readonly connections: number;
  readonly rss: number;
  readonly heap: number;
  readonly external: number;
  readonly kernel: number;
}

async function runIdle(system: RoomSystem, { rooms, roomsEach, step, steps }: Crowd, seconds: number): Promise<Outcome<Figures>> {
  await using undo = new AsyncDisposableStack();
  const running = undo.use(await startSystem(system, { preloads: [memoryOnSignal] }));
  const names = roomNames(rooms);
  if (system === 'hubbub') await makeRooms(running, names);
  const visitors = undo.use(new Visitors({ system, rooms: names, roomsEach }));
  const seen: Memory[] = [];
  for (let at = 0; at <= steps; at++) {
    await visitors.grow(running.port, at * step);
    await pause(seconds * 1_000);
    seen.push(await memoryOf(running, at * step));
  }
  const { failed, firstFailure } = await visitors.report();
  const perConnection = (of: (memory: Memory) => number): number =>
    round(slope(seen.map((memory) => ({ x: memory.connections, y: of(memory) }))) / 1_024);
  const figures = {
    rssKib: perConnection(({ rss }) => rss),
    heapKib: perConnection(({ heap }) => heap),
    externalKib: perConnection(({ external }) => external),
    kernelKib: perConnection(({ kernel }) => kernel),
    rssMbBefore: Math.round((seen.at(0)?.rss ?? 0) / 1_048_576),
    rssMb: Math.round((seen.at(-1)?.rss ?? 0) / 1_048_576),
  };
  return failed > 0 ? { figures, void: `${failed} connections were lost: ${firstFailure} ${running.complaints()}` } : { figures };
}

async function memoryOf(running: Running, connections: number): Promise<Memory> {
  const { rss, heapUsed, external } = JSON.parse(await running.asked('memory')) as NodeJS.MemoryUsage;
  return { connections, rss, heap: heapUsed, external, kernel: kernelBytes() };
}
