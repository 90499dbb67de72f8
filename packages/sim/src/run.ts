import { check, checkCaughtUp, checkHonest } from './checker.ts';
import { Cluster, type Narrow, type Plants } from './cluster.ts';
import { checkDegraded } from './degraded.ts';
import { earliestLong, type FaultName, faults, latestLong, spans } from './faults.ts';
import { Record } from './record.ts';
import { User } from './user.ts';
import { World } from './world.ts';

export interface RunResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly events: number;
  readonly faults: readonly FaultName[];
  readonly cutOff: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly steps: number;
}

const loadUntil = 24_000;
const faultsUntil = 23_000;
/** A client in full back-off, a half-open link, a hello that hangs: all of them are over by then. */
const caughtUpAt = 75_000;
const lastWordsAt = 80_000;
/** A hub lets go of a channel 60 s after its last reader. */
const emptyAt = 165_000;
const calmEvery = 10;
/** What a seed must have to count: events, and faults unless it is a calm one. */
const leastEvents = 200;
/** No two clocks of nodes are further apart than twice this share. */
const mostSkew = 0.02;
const leastFaults = 3;
const longestLoad = 55_000;
/** How long a fault lasts. */
const span = [500, 6_000] as const;

/** Runs one seed: some nodes, some people, some faults; then peace, and the checker. */
export async function runSeed(seed: number, plants: Plants = {}): Promise<RunResult> {
  const world = new World(seed);
  const record = new Record();
  const { dice, after } = fateOf(world);
  const calm = seed % calmEvery === 0;
  const cluster = new Cluster(world, record, plants);
  const skewed = !calm && world.actor('clocks').dice.chance(0.4);
  cluster.skew = skewed ? mostSkew : 0;
  if (skewed) {
    world.count('clocks_skewed');
    record.second = 1_000 / (1 - mostSkew);
  }
  const nodes = 2 + dice.below(2);
  const narrow: Narrow = {
    ...(!calm && dice.chance(0.15) && { lane: { items: 16 + dice.below(24) } }),
    ...(!calm && dice.chance(0.15) && { hellos: { perSecond: 0.5, burst: 2 } }),
    ...(dice.chance(0.15) && { crowd: 2 + dice.below(3) }),
  };
  for (let count = 0; count < nodes; count++) cluster.start(narrow);

  const channels = ['room:a', 'room:b', 'room:c'].slice(0, 2 + dice.below(2));
  const names = ['ann', 'ben', 'cem', 'dua', 'eva', 'fay'].slice(0, 4 + dice.below(3));
  const users: User[] = [];
  for (const name of names) {
    after(dice.between(0, 500), () => users.push(new User(name, cluster, channels, () => names.filter((other) => other !== name))));
  }
  const happened: FaultName[] = [];
  const heals: (() => void)[] = [];
  if (!calm) {
    scheduleFaults(cluster, happened, heals);
    cluster.identityAway = 0.1;
    heals.push(() => {
      cluster.identityAway = 0;
    });
  }

  const sample = (): void => {
    for (const user of users) checkHonest(record, user, world.now);
    for (const member of cluster.members) checkDegraded(record, world, member);
    if (world.now < lastWordsAt) after(1_000, sample);
  };
  after(1_000, sample);

  await world.run(loadUntil);
  // A seed of few people, or of a database that was away for long, talks on until there is enough to judge.
  for (let until = loadUntil; record.commits.length < leastEvents && until < longestLoad; until += 1_000) await world.run(until + 1_000);
  // The last word is said while bells get lost: no later one tells of it.
  if (!calm) for (const member of cluster.members) cluster.spoil(member, { drop: 0.5 });
  for (const user of users) user.rest();
  if (!calm) for (const user of users) for (const channel of channels) user.send(channel, 'say', { text: 'that was all' }, { odd: true });
  await world.run(world.now + 500);
  if (!calm) for (const member of cluster.members) cluster.spoil(member, { drop: 0 });
  for (const heal of heals.splice(0)) heal();
  await world.run(caughtUpAt);
  // Before anything more is said: the last event is the one that no later one reveals.
  checkCaughtUp(record, cluster.data, users, happened.includes('trim'));
  const found = world.counts.get('look_found') ?? 0;
  for (const user of users) for (const channel of channels) user.send(channel, 'say', { text: 'good night' });
  await world.run(lastWordsAt);
  if ((world.counts.get('look_found') ?? 0) > found)
    record.violate('I13', 'the look found what no bell had named, long after all was well');
  if (record.commits.length < leastEvents) record.violate('void', `only ${record.commits.length} events`);
  if (!calm && happened.length < leastFaults) record.violate('void', `only ${happened.length} faults`);
  const looked = world.counts.get('gap') ?? 0;
  if (looked !== cluster.gaps) record.violate('I10', `${cluster.gaps} gaps were told to nodes, ${looked} were looked into`);
  for (const { name, node } of cluster.members)
    if (node.status().beyond > 0) record.violate('I8', `${name}: ${node.status().beyond} events are kept for a hole that there is not`);
  if (calm)
    for (const name of ['look_found', 'reset'] as const) if (world.counts.has(name)) record.violate('I13', `${name} without a fault`);
  if (world.counts.has('client_gap')) record.violate('I3', 'a client met a hole');
  check(record, cluster.data, users, { calm, trimmed: happened.includes('trim') });

  for (const user of users) user.close();
  await world.run(emptyAt);
  for (const { name, node } of cluster.members) {
    const { held: _, degraded: __, draining: ___, brokerDropped: ____, ...counters } = node.status();
    for (const [counter, value] of Object.entries(counters))
      if (value !== 0) record.violate('I8', `${name}: ${counter} is ${value} when all have left`);
  }
  await nextMorning(cluster, record, channels, happened.includes('trim'));
  return {
    seed,
    violations: record.violations,
    events: record.commits.length,
    faults: happened,
    cutOff: record.cutOff,
    counts: world.counts,
    steps: world.steps,
  };
}

/** The nodes have let go of every channel. Who comes back must hear as well as before. */
async function nextMorning(cluster: Cluster, record: Record, channels: readonly string[], trimmed: boolean): Promise<void> {
  const { world } = cluster;
  const found = world.counts.get('look_found') ?? 0;
  const early = ['gus', 'hal'].map((name) => new User(name, cluster, channels, () => []));
  for (const user of early) user.rest();
  await world.run(emptyAt + 5_000);
  for (const user of early) for (const channel of channels) user.send(channel, 'say', { text: 'good morning' });
  await world.run(emptyAt + 8_000);
  if ((world.counts.get('look_found') ?? 0) > found)
    record.violate('I13', 'a channel that was let go of and taken up again is heard only by the look');
  checkCaughtUp(record, cluster.data, early, trimmed);
  for (const user of early) user.close();
  await world.run(emptyAt + 9_000);
}

function fateOf(world: World) {
  const fate = world.actor('fate');
  return { dice: fate.dice, after: (ms: number, run: () => void) => fate.after(ms, run) };
}

/** At least three, each with a span of its own; what is not over by the end is healed then. */
function scheduleFaults(cluster: Cluster, happened: FaultName[], heals: (() => void)[]): void {
  const fate = cluster.world.actor('faults');
  const { dice } = fate;
  // Some are needed often: what they bring to light is seldom.
  const names = [...(Object.keys(faults) as FaultName[]), 'ban_unseen', 'fail_over', 'store_errors'] as const;
  const strike = (tries: number, name = dice.pick(names)): void => {
    if (!name) return;
    const heal = faults[name](cluster, fate);
    if (!heal) {
      if (tries > 0) fate.after(dice.between(100, 500), () => strike(tries - 1));
      return;
    }
    happened.push(name);
    cluster.world.count(`fault_${name}`);
    let over = false;
    const once = (): void => {
      if (over) return;
      over = true;
      heal();
    };
    heals.push(once);
    fate.after(dice.between(...(spans[name] ?? span)), once);
  };
  // One that has to last, and that chance alone would seldom begin in time.
  if (dice.chance(0.25)) fate.after(dice.between(earliestLong, latestLong), () => strike(0, 'kill_broker'));
  const count = 6 + dice.below(4);
  for (let index = 0; index < count; index++) fate.after(dice.between(1_500, faultsUntil), () => strike(20));
}
