import type { System } from './dialects.ts';
import { Gathering } from './findings.ts';
import { highestRate } from './limit.ts';
import { type LoadFigures, runLoad } from './load.ts';
import { type Figures, type Findings, medians, ratios } from './report.ts';
import { traceLoad } from './strace.ts';
import { installPeers } from './systems.ts';

const subscribers = 1_000;
const bodyBytes = 128;
const rates = [1, 20, 200, 1_000];
const rounds = 3;
/** A peer that sends each event to each client by itself is not asked for more than it can: its own limit is searched for. */
const mostOfPeers = 200;
/** What a rate is borne means: nothing dropped, and the slow ones not slower than this. */
const bearableMs = 250;
/** Where the searches begin: near the limits, so that they take few runs. */
const searchFrom = { hubbub: 1_000, ws: 100, socketio: 60 };
const traced = [20, 1_000];

export interface FanoutOptions {
  readonly peers: readonly Exclude<System, 'hubbub'>[];
  readonly seconds: number;
  readonly say: (text: string) => void;
}

/** One channel, 1,000 subscribers, bodies of 128 bytes: ours and the peers in turn, each run on a fresh server. */
export async function fanout({ peers, seconds, say }: FanoutOptions): Promise<Findings> {
  if (peers.length > 0) await installPeers(say);
  const systems: readonly System[] = ['hubbub', ...peers];
  const found = new Gathering('fanout', say);
  for (const rate of rates) {
    const asked = systems.filter((system) => system === 'hubbub' || rate <= mostOfPeers);
    await compare(found, asked, rate, seconds);
  }
  for (const system of systems) await limit(found, system, seconds);
  for (const system of systems) {
    for (const rate of traced) if (system === 'hubbub' || rate <= mostOfPeers) await trace(found, system, rate, seconds);
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
      const outcome = await runLoad(system, parameters);
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
