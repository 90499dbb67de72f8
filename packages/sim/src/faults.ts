import type { Cluster } from './cluster.ts';
import { speakAsTheNext } from './next-version.ts';
import { raceRights } from './races.ts';
import type { Dice } from './random.ts';
import type { Actor } from './world.ts';

/** A fault: begins, and returns what heals it. */
type Fault = (cluster: Cluster, actor: Actor) => (() => void) | undefined;

/** What has to last begins between these, when people are in their rooms. */
export const [earliestLong, latestLong] = [4_000, 9_500];

/** Ten minutes. */
const jump = 600_000;

/** Some member's way over the broker breaks, in the directions that are named. */
function wayOf(cluster: Cluster, dice: Dice, broken: { readonly deaf?: true; readonly mute?: true }): (() => void) | undefined {
  const member = dice.pick(cluster.members);
  if (!member) return undefined;
  cluster.spoil(member, broken);
  return () => cluster.spoil(member, { ...(broken.deaf && { deaf: false }), ...(broken.mute && { mute: false }) });
}

/** The broker's server dies, and comes back empty. */
function withoutBroker({ broker }: Cluster): (() => void) | undefined {
  if (!broker.up) return undefined;
  broker.die();
  return () => broker.comeBack();
}

/** All faults by name. A fault that finds nothing to break returns undefined and does not count. */
export const faults = {
  crash_node: (cluster, { dice }) => {
    if (cluster.settling) return undefined;
    const member = dice.pick(cluster.members);
    if (!member) return undefined;
    cluster.kill(member);
    return () => void cluster.start();
  },
  drain_node: (cluster, { dice }) => {
    if (cluster.settling) return undefined;
    const member = dice.pick(cluster.members);
    if (!member) return undefined;
    cluster.drain(member, dice.chance(0.5) ? 0 : dice.between(2_000, 6_000));
    return () => void cluster.start();
  },
  pause_node: (cluster, { dice, world }) => {
    if (cluster.settling) return undefined;
    const member = dice.pick(cluster.members);
    if (!member) return undefined;
    // Short ones too: behind them the newest look is still to be trusted.
    member.actor.stop(world.now + (dice.chance(0.4) ? dice.between(200, 1_200) : dice.between(500, 8_000)));
    return () => {};
  },
  store_down: ({ storeWeather, settling }) => {
    if (settling) return undefined;
    storeWeather.down = true;
    return () => {
      storeWeather.down = false;
    };
  },
  store_slow: ({ storeWeather, settling }) => {
    if (settling) return undefined;
    Object.assign(storeWeather, { usual: 150, long: 350 });
    return () => void Object.assign(storeWeather, { usual: 1, long: 8 });
  },
  store_errors: ({ storeWeather, settling }) => {
    if (settling) return undefined;
    Object.assign(storeWeather, { refused: 0.15, lost: 0.15 });
    return () => void Object.assign(storeWeather, { refused: 0, lost: 0 });
  },
  rollback: (cluster, actor) => {
    const { dice } = actor;
    // A copy that is older than another copy's return would bring back what that one took: two lives of one event are not checked.
    if (cluster.copied) return undefined;
    cluster.copied = true;
    const snapshot = cluster.data.snapshot();
    // Bells of the history that is about to end are still under way when the next one begins.
    if (dice.chance(0.5)) for (const member of cluster.members) cluster.spoil(member, { late: 0.6, lateMs: 2_500 });
    const putBack = (tries: number): void => {
      if (cluster.divided && tries > 0) return void actor.after(500, () => putBack(tries - 1));
      if (!cluster.divided) cluster.rollBack(snapshot);
      cluster.copied = false;
      for (const member of cluster.members) cluster.spoil(member, { late: 0, lateMs: 400 });
    };
    return () => void actor.after(0, () => putBack(20));
  },
  /** A copy takes over that lacks what was acknowledged last; half the time some node cannot see the database just then, mostly one hears no bells. */
  fail_over: (cluster, actor) => {
    if (cluster.copied || cluster.settling) return undefined;
    const { dice, world } = actor;
    cluster.copied = true;
    const unseeing = dice.chance(0.5) ? dice.pick(cluster.members) : undefined;
    // What the others have committed it is not told by their bells.
    const unhearing = dice.chance(0.7) ? wayOf(cluster, dice, { deaf: true }) : undefined;
    let over = false;
    const promote = (tries: number): void => {
      const { commits } = cluster.data;
      const snapshot = cluster.data.snapshot();
      if (unseeing && tries < 20 && !over) unseeing.storeWay.cut = true;
      actor.after(dice.between(30, 300), () => {
        // Somebody has to have been told of what is lost: else nobody can know, and nothing was promised.
        const seen = new Set(cluster.members.map(({ storeWay }) => storeWay.seen.commits > commits));
        if (!cluster.witnessed(commits) || (seen.size < 2 && tries > 5)) {
          if (tries > 0 && !over) return promote(tries - 1);
          cluster.copied = false;
          return;
        }
        if (seen.size > 1) world.count('failed_over_unequal');
        if (cluster.members.some(({ storeWay }) => storeWay.cut)) world.count('failed_over_unseen');
        cluster.rollBack(snapshot);
        cluster.copied = false;
      });
    };
    promote(20);
    return () => {
      over = true;
      if (unseeing) unseeing.storeWay.cut = false;
      unhearing?.();
    };
  },
  calendar_jump: (cluster, { dice }) => {
    const by = dice.chance(0.5) ? jump : -jump;
    cluster.calendar += by;
    return () => {
      if (dice.chance(0.5)) cluster.calendar -= by;
    };
  },
  cut_store: (cluster, { dice }) => {
    if (cluster.settling) return undefined;
    const member = dice.pick(cluster.members);
    if (!member) return undefined;
    member.storeWay.cut = true;
    return () => {
      member.storeWay.cut = false;
    };
  },
  /** Somebody is banned, by a program that writes to the database, where his node cannot see it and goes on hearing bells. */
  ban_unseen: (cluster, { dice }) => {
    if (cluster.settling) return undefined;
    const link = dice.pick([...cluster.links]);
    const member = cluster.members.find(({ actor }) => actor === link?.node);
    if (!link || !member) return undefined;
    member.storeWay.cut = true;
    cluster.rule(link.client, 'ban');
    return () => {
      member.storeWay.cut = false;
      cluster.rule(link.client, 'pardon');
    };
  },
  race_rights: (cluster, actor) => (cluster.settling || cluster.onAsked ? undefined : raceRights(cluster, actor)),
  cut_broker: (cluster, { dice }) => wayOf(cluster, dice, { deaf: true, mute: true }),
  /** It hears nothing, and is heard. */
  deaf_node: (cluster, { dice }) => wayOf(cluster, dice, { deaf: true }),
  /** It is not heard, and hears. */
  mute_node: (cluster, { dice }) => wayOf(cluster, dice, { mute: true }),
  restart_broker: (cluster) => withoutBroker(cluster),
  /** For so long that whoever judges by silence would take all others for dead. */
  kill_broker: (cluster, { world }) => (world.now < earliestLong || world.now > latestLong ? undefined : withoutBroker(cluster)),
  lossy_broker: (cluster) => {
    for (const member of cluster.members) cluster.spoil(member, { drop: 0.25, double: 0.2, late: 0.3 });
    return () => {
      for (const member of cluster.members) cluster.spoil(member, { drop: 0, double: 0, late: 0 });
    };
  },
  next_version: (cluster, actor) => (cluster.next ? undefined : speakAsTheNext(cluster, actor)),
  flap_clients: (cluster, { dice }) => {
    const flapping = [...cluster.links].filter(() => dice.chance(0.5));
    for (const link of flapping) link.cut();
    return () => {};
  },
  half_open: (cluster, { dice }) => {
    const link = dice.pick([...cluster.links]);
    link?.halfOpen();
    return link && (() => {});
  },
  slow_client: (cluster, { dice }) => {
    const link = dice.pick([...cluster.links]);
    link?.read(false);
    return link && (() => link.read(true));
  },
  trim: (cluster, { dice }) => {
    const log = dice.pick([...cluster.data.channels.values()]);
    if (!log) return undefined;
    cluster.data.trim(log.name, log.standing.head - dice.below(4));
    cluster.record.trims.push({ channel: log.name, first: log.standing.first });
    return () => {};
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

/** How long a fault lasts that does more the longer it does, in milliseconds: from … to. */
export const spans: { readonly [Name in FaultName]?: readonly [number, number] } = {
  race_rights: [4_000, 12_000],
  kill_broker: [14_000, 20_000],
  next_version: [4_000, 12_000],
  deaf_node: [4_500, 9_000],
  mute_node: [4_500, 9_000],
};
