import { Gathering, type Outcome } from './findings.ts';
import { round } from './histogram.ts';
import { installPeers } from './peers.ts';
import { type Figures, type Findings, medians, type Parameters, ratios } from './report.ts';
import { makeRooms, roomNames } from './rooms.ts';
import { latestMs } from './schedule.ts';
import { cpuOf, type Passed, passedIn, type StackCpu } from './stack-usage.ts';
import { type Stack, startStack } from './stacks.ts';
import type { TalkSystem } from './talk-dialects.ts';
import { type TalkerSummary, Talkers } from './talker-processes.ts';

const bodyBytes = 128;
const rounds = 3;
/** So often everybody speaks before anything is measured: it compiles what is hot. */
const warmUpTurns = 2;
/** What has not come so long after the last word is counted as not delivered. */
const patience = 5_000;

export interface Talk {
  /** A multiple of the rooms, and of the two processes that they are in. */
  readonly clients: number;
  readonly rooms: number;
  /** Of all clients together, in a second; each event goes to everybody in its room. */
  readonly eventsPerSecond: number;
}

const talk: Talk = { clients: 2_000, rooms: 200, eventsPerSecond: 2_000 };

interface Setting {
  readonly system: TalkSystem;
  readonly nodes: number;
}

const nodeNumbers = [1, 2] as const;

export const clusterPeers = ['socketio'] as const;

export interface ClusterOptions {
  readonly peers: readonly (typeof clusterPeers)[number][];
  readonly seconds: number;
  readonly say: (text: string) => void;
}

/** Many small rooms on one node and on two, with all that these stand on: ours and the peer in turn, each run on servers of its own. */
export async function cluster({ peers, seconds, say }: ClusterOptions, given: Talk = talk): Promise<Findings> {
  const found = new Gathering('cluster', say);
  if (peers.length > 0) await installPeers(say);
  const settings = nodeNumbers.flatMap((nodes) => (['hubbub', ...peers] as const).map((system): Setting => ({ system, nodes })));
  const runs = new Map<Setting, (Figures | undefined)[]>(settings.map((setting) => [setting, []]));
  const parameters = { ...given, bodyBytes, seconds };
  for (let round = 0; round < rounds; round++) {
    for (const [setting, figures] of runs) {
      const { system, nodes } = setting;
      figures.push(await found.run(system, { ...parameters, nodes }, () => runTalk(setting, given, seconds)));
    }
  }
  for (const [{ system, nodes }, figures] of runs) {
    const whole = figures.filter((run) => run !== undefined);
    if (whole.length > 0) found.add(system, { ...parameters, nodes, rounds: whole.length }, medians(whole));
  }
  compare(found, runs, parameters);
  return found;
}

/** Ours to the peer at the same number of nodes, and each on two nodes to itself on one. */
function compare(found: Gathering, runs: ReadonlyMap<Setting, (Figures | undefined)[]>, parameters: Parameters): void {
  const of = (system: TalkSystem, nodes: number): (Figures | undefined)[] =>
    [...runs].find(([setting]) => setting.system === system && setting.nodes === nodes)?.[1] ?? [];
  const names = ['cpuUsPerDelivery', 'nodesUsPerDelivery', 'p50', 'p99', 'p999', 'p50OfLate', 'p99OfLate', 'p999OfLate'];
  for (const nodes of nodeNumbers) {
    found.add('hubbub/socketio', { ...parameters, nodes }, ratios(of('hubbub', nodes), of('socketio', nodes), names));
  }
  for (const system of ['hubbub', 'socketio'] as const) {
    found.add(`${system}: 2 nodes/1 node`, parameters, ratios(of(system, 2), of(system, 1), names));
  }
}

async function runTalk({ system, nodes }: Setting, given: Talk, seconds: number): Promise<Outcome<Figures>> {
  const { clients, rooms, eventsPerSecond } = given;
  await using undo = new AsyncDisposableStack();
  const stack = undo.use(await startStack(system, nodes));
  const names = roomNames(rooms);
  const [first] = stack.nodes;
  if (first && stack.serviceKey !== undefined) await makeRooms({ port: first.port, serviceKey: stack.serviceKey }, names);
  const talkers = undo.use(new Talkers());
  const ports = stack.nodes.map(({ port }) => port);
  await talkers.enter({ system, rooms: names, all: clients, bodyBytes }, ports);
  await talkers.talk(warmUpTurns, eventsPerSecond, patience);

  const turns = Math.max(1, Math.round((seconds * eventsPerSecond) / clients));
  const before = { passed: await passedIn(stack), cpu: cpuOf(stack) };
  const heard = await talkers.talk(turns, eventsPerSecond, patience);
  const after = { cpu: cpuOf(stack), passed: await passedIn(stack) };
  const expected = (heard.said * clients) / rooms;
  const figures = {
    ...cpuFigures(before.cpu, after.cpu, heard.heard),
    ...timeFigures(heard),
    writesPerDelivery: round((after.passed.writes - before.passed.writes) / Math.max(1, heard.heard)),
    ...passedFigures(before.passed, after.passed, heard.said, system),
    ...{
      delivered: heard.heard,
      missing: expected - heard.heard,
      putOff: heard.putOff,
      saidLateP99: heard.lateP99,
      clientsLateP99: heard.loopLagP99,
    },
  };
  const why = whyVoid(heard, expected, given, stack);
  return why === undefined ? { figures } : { figures, void: why };
}

/** Microseconds a delivery: of all processes, and of each sort. */
function cpuFigures(before: StackCpu, after: StackCpu, delivered: number): Figures {
  const per = (ms: number): number => round((ms * 1_000) / Math.max(1, delivered));
  const [nodes, redis, postgres] = [after.nodes - before.nodes, after.redis - before.redis, after.postgres - before.postgres];
  return {
    cpuUsPerDelivery: per(nodes + redis + postgres),
    nodesUsPerDelivery: per(nodes),
    redisUsPerDelivery: per(redis),
    postgresUsPerDelivery: per(postgres),
  };
}

function passedFigures(before: Passed, after: Passed, events: number, system: TalkSystem): Figures {
  const per = (of: (passed: Passed) => number): number => round((of(after) - of(before)) / Math.max(1, events));
  return {
    publishedPerEvent: per(({ published }) => published),
    handedOnPerEvent: per(({ heard }) => heard),
    redisBytesPerEvent: per(({ bytesOut }) => bytesOut),
    ...(system === 'hubbub' && {
      storeReadsPerEvent: per(({ reads }) => reads),
      looks: after.looks - before.looks,
      eventsPerCommit: round(events / Math.max(1, after.appends - before.appends)),
    }),
  };
}

/**
 * Clients that are late make times longer, and do not change what the servers have to do: the times that they tell have another name, so
 * that nobody mixes them with the others.
 */
function timeFigures({ waits: { p50, p99, p999 }, lateP99, loopLagP99 }: TalkerSummary): Figures {
  const late = Math.max(lateP99, loopLagP99) > latestMs;
  return late ? { p50OfLate: p50, p99OfLate: p99, p999OfLate: p999 } : { p50, p99, p999 };
}

function whyVoid(heard: TalkerSummary, expected: number, { rooms, eventsPerSecond }: Talk, { nodes }: Stack): string | undefined {
  const { failed, firstFailure, lateP99 } = heard;
  const complaints = (): string => nodes.map((node) => node.complaints().slice(0, 1_000)).join('\n');
  if (failed > 0) return `${failed} clients were lost: ${firstFailure} ${complaints()}`;
  if (heard.heard !== expected) return `${expected - heard.heard} deliveries are missing ${complaints()}`;
  // In a room somebody speaks so often. Who is later than half of that speaks together with the next one, which is less work.
  const latest = (1_000 * rooms) / eventsPerSecond / 2;
  return lateP99 > latest ? `the offered rate was not reached: clients spoke ${lateP99} ms late at p99, ${latest} at most` : undefined;
}
