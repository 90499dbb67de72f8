import { check } from './checker.ts';
import type { Setting } from './cluster.ts';
import { Elsewhere, type Visit } from './elsewhere.ts';
import { drawn, type Fault, type LinkFault, type LinkScene } from './fault.ts';
import { type Findings, findingsOf, foundByLook, type Phase } from './findings.ts';
import { type History, now } from './history.ts';
import type { Look, Stage } from './stage.ts';
import { Theatre } from './theatre.ts';

/** What every run is told, wherever it plays. */
export interface RunOptions {
  readonly clients: number;
  readonly channels: number;
  /** Events a second, from all clients together. */
  readonly rate: number;
  /** The load before and after each fault, together. */
  readonly seconds: number;
  readonly seed: number;
  /** How long everything has to be well again after a fault before that is expected; left out: 10 s. */
  readonly healingMs?: number;
  /** Told what happens. */
  readonly say: (text: string) => void;
  /** Told in the end what everybody has seen. */
  readonly onHistory?: (history: History) => void;
  /** Breaks it off; what was started is ended. */
  readonly signal: AbortSignal;
}

export interface ProveOptions extends RunOptions {
  readonly faults: readonly Fault[];
  /** Left out: one node, on the embedded store. */
  readonly setting?: Setting;
  /** See Scene. */
  readonly brief?: boolean;
}

export interface VisitOptions extends RunOptions, Pick<Visit, 'urls' | 'token'> {
  readonly faults: readonly LinkFault[];
}

/** Whatever went wrong before anything could be shown. */
export class SetupError extends Error {}

const alone: Setting = { store: 'sqlite', broker: 'local', nodes: 1 };
const healing = 10_000;
/** For the outboxes to become empty, and for everybody to have everything. */
const settlePatience = 90_000;
const leavePatience = 15_000;

/** Runs a real server and real clients under load, lets each fault happen to them, and says which promises held. Throws SetupError. */
export async function prove({ setting = alone, brief = false, ...options }: ProveOptions): Promise<Findings> {
  return play(options, (faults) => {
    const onSmallDisk = faults.some(({ needsDisk }) => needsDisk === true);
    return Theatre.open({ ...options, setting, brief, onSmallDisk }, options.signal);
  });
}

/** The same with servers that run already: only what befalls the links to them is to be had. Throws SetupError. */
export async function proveElsewhere(options: VisitOptions): Promise<Findings> {
  return play(options, () => Elsewhere.open(options, options.signal));
}

type Play<S extends LinkScene> = RunOptions & { readonly faults: readonly Fault<S>[] };

async function play<S extends LinkScene>(options: Play<S>, open: (faults: readonly Fault<S>[]) => Promise<Stage<S>>): Promise<Findings> {
  const { clients, channels, rate, seed, say } = options;
  const lacking: string[] = [];
  const faults: Fault<S>[] = [];
  for (const fault of options.faults) {
    const lack = await fault.lacks?.();
    if (lack === undefined) faults.push(fault);
    else lacking.push(`${fault.name}: ${lack}`);
  }
  for (const text of lacking) say(`cannot be done here: ${text}`);
  const empty: History = { accounts: [], log: { epoch: '', channels: {} }, cuts: [] };
  const nothing = { history: empty, verdict: check(empty), phases: [], rate, seed, heldMs: 0, lacking, broken: [], left: [] };
  if (faults.length === 0 && lacking.length > 0) return findingsOf(nothing);

  await using stage = await open(faults).catch((cause: Error) => {
    throw new SetupError(`nothing was shown, for the run could not be set up: ${cause.message}`, { cause });
  });
  const { crews, broken } = stage.company;
  say(`${clients} clients are live in ${channels} channels, on ${stage.urls.join(', ')}`);
  const phases: Phase[] = [];
  await crews.load(rate);
  if (faults.length === 0) phases.push(await calmPhase(stage, options));
  for (const fault of faults) phases.push(await phase(stage, fault, options));
  await crews.load(0);
  const history = await settle(stage);
  options.onHistory?.(history);
  await stage.compare('in the end', leavePatience, true);
  await stage.leave(leavePatience);
  const heldMs = await stage.heldMs();
  return findingsOf({ history, verdict: check(history), phases, rate, seed, heldMs, lacking, broken, left: stage.left });
}

/** Load, the fault, 10 s, load. */
async function phase<S extends LinkScene>(stage: Stage<S>, fault: Fault<S>, options: RunOptions): Promise<Phase> {
  const { seconds, seed, say, healingMs = healing } = options;
  const { pause, crews } = stage.company;
  const { dice, about: scene, part } = drawn(fault.name, seed, (some) => stage.scene(some));
  const before = seconds * 1_000 * part;
  const from = now();
  const atStart = await stage.looks();
  await pause(before);
  const atStrike = await stage.looks();
  const struckAt = now();
  say(`${fault.name} …`);
  const seen = await fault.strike(scene, dice);
  const healedAt = now();
  say(`${fault.name}: ${seen ?? 'left no trace'}; healed after ${((healedAt - struckAt) / 1_000).toFixed(1)} s`);
  await pause(healingMs);
  const atHealed = await stage.looks();
  await stage.compare(`after ${fault.name}`, leavePatience);
  const healthy = now();
  await pause(seconds * 1_000 - before);
  const atEnd = await stage.looks();
  const until = now();
  const { answered, unanswered } = await crews.standing();
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

type Looks = readonly Look[] | undefined;

function foundByAll(atStart: Looks, atStrike: Looks, atHealed: Looks, atEnd: Looks): Pick<Phase, 'foundInCalm' | 'found'> {
  if (!atStart || !atStrike || !atHealed || !atEnd) return { foundInCalm: undefined, found: undefined };
  const each = atStart.map(({ process, found }, node) =>
    foundByLook({
      ...{ atStart: found, atStrike: atStrike[node]?.found ?? 0, atHealed: atHealed[node]?.found ?? 0, atEnd: atEnd[node]?.found ?? 0 },
      restarted: atEnd[node]?.process !== process,
    }),
  );
  return {
    foundInCalm: each.reduce((sum, one) => sum + one.foundInCalm, 0),
    found: each.reduce((sum, one) => sum + one.found, 0),
  };
}

/** Load alone. */
async function calmPhase<S extends LinkScene>(stage: Stage<S>, { seconds }: RunOptions): Promise<Phase> {
  const from = now();
  const atStart = await stage.looks();
  await stage.company.pause(seconds * 1_000);
  const atEnd = await stage.looks();
  const until = now();
  const spell = { struckAt: until, healedAt: until, until };
  return { fault: 'none', seen: 'there was none', spell, calm: [{ from, to: until }], ...foundByAll(atStart, atEnd, atEnd, atEnd) };
}

/** Waits until all is answered and everybody has it, reads the log anew, and gathers what everybody has seen. */
async function settle<S extends LinkScene>(stage: Stage<S>): Promise<History> {
  const { crews, channels, proxies, founder, until, violate } = stage.company;
  const answered = await until(async () => (await crews.standing()).unanswered === 0, settlePatience);
  if (!answered) violate(`I10: not everything was answered within ${settlePatience / 1_000} s`);
  const log = await stage.readLog();
  const caughtUp = async (): Promise<boolean> => {
    const { live, lowest } = await crews.standing();
    return live === proxies.size && channels.every((channel) => (lowest[channel] ?? 0) >= (log.channels[channel]?.length ?? 0));
  };
  if (!(await until(caughtUp, settlePatience)))
    violate(`I10: not everybody was live and had everything within ${settlePatience / 1_000} s`);
  return { accounts: [founder, ...(await crews.accounts())], log, cuts: stage.cuts };
}
