import type { Peer, System } from './dialects.ts';
import { Gathering } from './findings.ts';
import { highestRate } from './limit.ts';
import { type LoadFigures, runLoad } from './load.ts';
import { installPeers, whyAbsent } from './peers.ts';
import { type Figures, type Findings, medians, ratios } from './report.ts';
import { traceLoad } from './strace.ts';

const subscribers = 1_000;
const bodyBytes = 128;
const rates = [1, 20, 200, 1_000];
const rounds = 3;
/**
 * The highest of the rates that each is asked for. Who sends each event to each client by itself has its limit soon above 200/s, which is
 * searched for; and above that Bun without a log is more than the clients can take without being late.
 */
const mostOf: Readonly<Record<System, number>> = {
  hubbub: 1_000,
  ws: 200,
  socketio: 200,
  'ws-append': 200,
  bun: 200,
  'bun-append': 1_000,
  floor: 200,
};
/** What a rate is borne means: nothing dropped, and the slow ones not slower than this. */
const bearableMs = 250;
/** Where the searches begin: near the limits, so that they take few runs. */
const searchFrom: Readonly<Record<System, number>> = {
  hubbub: 1_000,
  ws: 100,
  socketio: 60,
  'ws-append': 100,
  bun: 500,
  'bun-append': 1_000,
  floor: 200,
};
const traced = [20, 1_000];

export interface FanoutOptions {
  readonly peers: readonly Peer[];
  readonly seconds: number;
  readonly say: (text: string) => void;
}

/** One channel, 1,000 subscribers, bodies of 128 bytes: ours and the peers in turn, each run on a fresh server. */
export async function fanout({ peers, seconds, say }: FanoutOptions): Promise<Findings> {
  const found = new Gathering('fanout', say);
  if (peers.some((peer) => peer !== 'floor')) await installPeers(say);
  const systems: System[] = ['hubbub'];
  for (const peer of peers) {
    const reason = await whyAbsent(peer);
    if (reason === undefined) systems.push(peer);
    else found.leaveOut(peer, { subscribers, bodyBytes }, reason);
  }
  for (const rate of rates) {
    const asked = systems.filter((system) => rate <= mostOf[system]);
    await compare(found, asked, rate, seconds);
  }
  for (const system of systems) await limit(found, system, seconds);
  for (const system of systems) {
    for (const rate of traced) if (rate <= mostOf[system]) await trace(found, system, rate, seconds);
  }
  return found;
}

/** A rate, some rounds, the systems in turn: medians, and the ratios of ours to each peer. */
async function compare(found: Gathering, systems: readonly System[], rate: number, seconds: number): Promise<void> {
  const parameters = { subscribers, bodyBytes, rate, seconds };
  const runs = new Map<System, (LoadFigures | undefined)[]>(systems.map((system) => [system, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [system, figures] of runs) figures.push(await found.run(system, parameters, () => runLoad(system, parameters)));
  }
  const ours = runs.get('hubbub') ?? [];
  for (const [system, figures] of runs) {
    const whole = figures.filter((round) => round !== undefined);
    if (whole.length > 0) found.add(system, { ...parameters, rounds: whole.length }, medians(whole));
    if (system === 'hubbub') continue;
    found.add(`hubbub/${system}`, parameters, ratios(ours, figures, ['cpuUsPerDelivery', 'p50', 'p99', 'p999', 'rssMb']));
  }
}

async function limit(found: Gathering, system: System, seconds: number): Promise<void> {
  const best = await highestRate(searchFrom[system], async (rate) => {
    const parameters = { subscribers, bodyBytes, rate, seconds, search: 'limit' };
    const figures = await found.run(system, parameters, async () => {
      // Clients that are late make times longer, never shorter: what was in time for all that, was.
      const outcome = await runLoad(system, parameters, ({ p99 }) => p99 > bearableMs);
      // Clients that are late by some milliseconds do not explain half of all events being late by hundreds.
      return outcome.figures.p50 > bearableMs ? { figures: outcome.figures } : outcome;
    });
    return figures && figures.missing === 0 && figures.p99 <= bearableMs ? figures : undefined;
  });
  if (best)
    found.add(system, { subscribers, bodyBytes, seconds, search: 'limit', bearableMs }, { highestRate: best.rate, ...best.figures });
}

async function trace(found: Gathering, system: System, rate: number, seconds: number): Promise<void> {
  const parameters = { subscribers, bodyBytes, rate, seconds: Math.min(seconds, 2), under: 'strace' };
  const figures: Figures | undefined = await found.run(system, parameters, async () => {
    const calls = await traceLoad(system, parameters);
    return calls ? { figures: calls } : { figures: {}, void: 'strace is not there, or may not trace' };
  });
  if (figures) found.add(system, parameters, figures);
}
