import type { Exit } from '@hubbub/rig/process';
import type { FaultProxy } from '@hubbub/rig/proxy';
import type { RealServer } from '@hubbub/rig/servers/server';
import type { SmallDisk } from '@hubbub/rig/small-disk';
import { Dice, randomStream } from '@hubbub/sim/random';
import type { Cluster, Setting } from './cluster.ts';
import type { Crews } from './crews.ts';
import type { Cut } from './history.ts';
import type { Numbers, Server } from './server.ts';

/** A node, whatever it runs. */
export interface StageNode {
  /** 0 while none runs. */
  readonly pid: number;
  /** What the system says of its process: `T` is stopped. */
  readonly state: string | undefined;
  start(): Promise<void>;
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Exit>;
  /** It stops where it stands, or goes on. */
  pause(on: boolean): void;
}

/** What faults of processes, of the broker and of links lay hands on: any system that has nodes, a broker and clients. */
export interface Stage {
  readonly cluster: {
    readonly nodes: readonly StageNode[];
    readonly broker: RealServer | undefined;
    /** Each node's own way to the broker. */
    readonly brokerWays: readonly FaultProxy[];
  };
  /** The node that it befalls, if it befalls one. */
  readonly server: StageNode;
  readonly crews: { standing(): Promise<{ readonly answered: number }> };
  /** By the name of each client: its own way to the server. */
  readonly proxies: ReadonlyMap<string, FaultProxy>;
  /** Waits. Rejects when the run is broken off. */
  readonly pause: (ms: number) => Promise<void>;
  /** Faults of which there are many take as short as makes sense. */
  readonly brief: boolean;
}

/** What a fault may lay hands on. */
export interface Scene extends Stage {
  readonly cluster: Cluster;
  readonly server: Server;
  /** What all nodes hold, together. */
  readonly numbers: () => Promise<Numbers>;
  readonly crews: Crews;
  readonly channels: readonly string[];
  /** What the server's folder lies on, where a fault has asked for it. */
  readonly disk: SmallDisk | undefined;
  /** Where a fault writes down that it has put an older copy back. */
  readonly cuts: Cut[];
  /** Waits until it is so. Answers whether it was, within `patience` ms. Rejects when the run is broken off. */
  readonly until: (condition: () => boolean | Promise<boolean>, patience: number) => Promise<boolean>;
  /** A promise was broken that the history does not show. */
  readonly violate: (text: string) => void;
}

/** What goes wrong in a run, on purpose. */
export interface Fault<On extends Stage = Scene> {
  readonly name: string;
  /** It needs the server's folder on a small disk. */
  readonly needsDisk?: boolean;
  /** Whether there is what it befalls; left out: always. */
  applies?(setting: Setting): boolean;
  /** What this machine lacks for it; undefined: nothing. */
  lacks?(): Promise<string | undefined>;
  /**
   * Breaks something, leaves it for a while and heals it, while clients go on sending. Who, when and for how long follows from the dice.
   * Answers what shows that it was there; undefined: nothing does, and the run says nothing about it.
   */
  strike(scene: On, dice: Dice): Promise<string | undefined>;
}

/** What the seed says of a fault: which node it befalls, which part of the load comes before it, and the dice for all the rest. */
export function drawn<Node>(fault: string, seed: number, nodes: readonly Node[]): { dice: Dice; victim: Node | undefined; part: number } {
  const dice = new Dice(randomStream(seed, fault));
  return { dice, victim: dice.pick(nodes), part: dice.between(0.3, 0.7) };
}

/** A fifth of all clients, at least one, in no order. */
export function victims({ proxies }: Stage, dice: Dice): ReadonlyMap<string, FaultProxy> {
  const left = [...proxies];
  const count = Math.max(1, Math.floor(left.length / 5));
  return new Map(Array.from({ length: count }, () => left.splice(dice.below(left.length), 1)).flat());
}
