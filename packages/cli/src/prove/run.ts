import { check } from './checker.ts';
import type { Setting } from './cluster.ts';
import { drawn, type Fault } from './fault.ts';
import { type Findings, findingsOf, foundByLook, type Phase } from './findings.ts';
import { readLog } from './fresh-reader.ts';
import { type History, now } from './history.ts';
import { type Look, Theatre } from './theatre.ts';

export interface ProveOptions {
  /** Left out: one node, on the embedded store. */
  readonly setting?: Setting;
  /** See Scene. */
  readonly brief?: boolean;
  readonly faults: readonly Fault[];
  readonly clients: number;
  readonly channels: number;
  /** Events a second, from all clients together. */
  readonly rate: number;
  /** The load before and after each fault, together. */
  readonly seconds: number;
  readonly seed: number;
  /** How long everything has to be well again after a fault before that is expected; left out: 10 s. */
  readonly healingMs?: number;
  /** Told all that was sent and given, once it is complete. */
  readonly onHistory?: (history: History) => void;
  /** Told what happens. */
  readonly say: (text: string) => void;
  /** Breaks it off; what was started is ended. */
  readonly signal: AbortSignal;
}

/** Whatever went wrong before anything could be shown. */
export class SetupError extends Error {}

const alone: Setting = { store: 'sqlite', broker: 'local', nodes: 1 };
const healing = 10_000;
/** For the outboxes to become empty, and for everybody to have everything. */
const settlePatience = 90_000;
const leavePatience = 15_000;

/** Runs a real server and real clients under load, lets each fault happen to them, and says which promises held. Throws SetupError. */
export async function prove(options: ProveOptions): Promise<Findings> {
  const { setting = alone, brief = false, clients, channels, rate, seed, signal, say } = options;
  const lacking: string[] = [];
  const faults: Fault[] = [];
  for (const fault of options.faults) {
    const lack = await fault.lacks?.();
    if (lack === undefined) faults.push(fault);
    else lacking.push(`${fault.name}: ${lack}`);
  }
  for (const text of lacking) say(`cannot be done here: ${text}`);
  const empty: History = { accounts: [], log: { epoch: '', channels: {} }, cuts: [] };
  const nothing = { history: empty, verdict: check(empty), phases: [], rate, seed, heldMs: 0, lacking, broken: [] };
  if (faults.length === 0 && lacking.length > 0) return findingsOf(nothing);

  const onSmallDisk = faults.some(({ needsDisk }) => needsDisk === true);
  await using theatre = await Theatre.open({ setting, brief, clients, channels, seed, onSmallDisk }, signal).catch((cause: Error) => {
    throw new SetupError(`nothing was shown, for the run could not be set up: ${cause.message}`, { cause });
  });
  say(`${clients} clients are live in ${channels} channels, on ${theatre.cluster.nodes.map(({ url }) => url).join(', ')}`);
  const phases: Phase[] = [];
  await theatre.crews.load(rate);
  if (faults.length === 0) phases.push(await calmPhase(theatre, options));
  for (const fault of faults) phases.push(await phase(theatre, fault, options));
  await theatre.crews.load(0);
  const history = await settle(theatre);
  options.onHistory?.(history);
  await theatre.compare('in the end', leavePatience, true);
  await theatre.empty(leavePatience);
  await theatre.finish();
  const heldMs = theatre.cluster.nodes.reduce((sum, node) => sum + node.heldMs, 0);
  return findingsOf({ history, verdict: check(history), phases, rate, seed, heldMs, lacking, broken: theatre.broken });
}

/** Load, the fault, 10 s, load. */
async function phase(theatre: Theatre, fault: Fault, { seconds, seed, say, healingMs = healing }: ProveOptions): Promise<Phase> {
  const { dice, victim = theatre.server, part } = drawn(fault.name, seed, theatre.cluster.nodes);
  const before = seconds * 1_000 * part;
  const from = now();
  const atStart = await theatre.looks();
  await theatre.pause(before);
  const atStrike = await theatre.looks();
  const struckAt = now();
  say(`${fault.name} …`);
  const seen = await fault.strike(theatre.scene(victim), dice);
  const healedAt = now();
  say(`${fault.name}: ${seen ?? 'left no trace'}; healed after ${((healedAt - struckAt) / 1_000).toFixed(1)} s`);
  await theatre.pause(healingMs);
  const atHealed = await theatre.looks();
  await theatre.compare(`after ${fault.name}`, leavePatience);
  const healthy = now();
  await theatre.pause(seconds * 1_000 - before);
  const atEnd = await theatre.looks();
  const until = now();
  const { answered, unanswered } = await theatre.crews.standing();
  say(`${fault.name}: ${answered} events are acknowledged, ${unanswered} on their way`);
  return {
    fault: fault.name,
    seen,
    spell: { struckAt, healedAt, until },
    calm: [
      { from, to: from + before },
      { from: healthy, to: until },
    ],
    ...foundByAll(atStart, atStrike, atHealed, atEnd),
  };
}

function foundByAll(atStart: readonly Look[], ...later: readonly [readonly Look[], readonly Look[], readonly Look[]]) {
  const [atStrike, atHealed, atEnd] = later.map((looks) => looks.map(({ found }) => found));
  const each = atStart.map(({ pid, found }, node) =>
    foundByLook({
      ...{ atStart: found, atStrike: atStrike?.[node] ?? 0, atHealed: atHealed?.[node] ?? 0, atEnd: atEnd?.[node] ?? 0 },
      restarted: later[2][node]?.pid !== pid,
    }),
  );
  return {
    foundInCalm: each.reduce((sum, one) => sum + one.foundInCalm, 0),
    found: each.reduce((sum, one) => sum + one.found, 0),
  };
}

/** Load alone. */
async function calmPhase(theatre: Theatre, { seconds }: ProveOptions): Promise<Phase> {
  const from = now();
  const sum = (looks: readonly Look[]): number => looks.reduce((total, { found }) => total + found, 0);
  const foundAtStart = sum(await theatre.looks());
  await theatre.pause(seconds * 1_000);
  const found = sum(await theatre.looks()) - foundAtStart;
  const until = now();
  const spell = { struckAt: until, healedAt: until, until };
  return { fault: 'none', seen: 'there was none', spell, calm: [{ from, to: until }], foundInCalm: found, found };
}

/** Waits until all is answered and everybody has it, reads the log anew, and gathers what everybody has seen. */
async function settle(theatre: Theatre): Promise<History> {
  const { crews, server, channels, proxies, cuts } = theatre;
  const answered = await theatre.until(async () => (await crews.standing()).unanswered === 0, settlePatience);
  if (!answered) theatre.violate(`I10: not everything was answered within ${settlePatience / 1_000} s`);
  const log = await readLog(server.url, server.adminToken, channels);
  const caughtUp = async (): Promise<boolean> => {
    const { live, lowest } = await crews.standing();
    return live === proxies.size && channels.every((channel) => (lowest[channel] ?? 0) >= (log.channels[channel]?.length ?? 0));
  };
  if (!(await theatre.until(caughtUp, settlePatience)))
    theatre.violate(`I10: not everybody was live and had everything within ${settlePatience / 1_000} s`);
  return { accounts: [theatre.founder, ...(await crews.accounts())], log, cuts };
}
