import type { Exit } from '@hubbub/rig/process';
import type { FaultProxy } from '@hubbub/rig/proxy';
import type { RealServer } from '@hubbub/rig/servers/server';
import type { SmallDisk } from '@hubbub/rig/small-disk';
import { Dice, randomStream } from '@hubbub/sim/random';
import type { Cluster, Setting } from './cluster.ts';
import type { Crews } from './crews.ts';
import type { Cut } from './history.ts';
import type { Numbers, Server } from './server.ts';

/** What is between the clients and the servers of any system. */
export interface Ways {
  /** By the name of each client: its own way to the server. */
  readonly proxies: ReadonlyMap<string, FaultProxy>;
  /** Waits. Rejects when the run is broken off. */
  readonly pause: (ms: number) => Promise<void>;
  /** Faults of which there are many take as short as makes sense. */
  readonly brief: boolean;
}

/** A node, whatever it runs. */
export interface SystemNode {
  /** 0 while none runs. */
  readonly pid: number;
  /** What the system says of its process: `T` is stopped. */
  readonly state: string | undefined;
  start(): Promise<void>;
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Exit>;
  /** It stops where it stands, or goes on. */
  pause(on: boolean): void;
}

/** What faults of processes and of the broker lay hands on: any system that has nodes, a broker and clients. */
export interface System extends Ways {
  readonly cluster: {
    readonly nodes: readonly SystemNode[];
    readonly broker: RealServer | undefined;
    /** Each node's own way to the broker. */
    readonly brokerWays: readonly FaultProxy[];
  };
  /** The node that it befalls, if it befalls one. */
  readonly server: SystemNode;
  readonly crews: { standing(): Promise<{ readonly answered: number }> };
}

/** What a fault may lay hands on that befalls the links between clients and our servers alone. */
export interface LinkScene extends Ways {
  readonly crews: Crews;
  readonly channels: readonly string[];
  /** What all nodes hold, together; left out: nobody here is told, or others come and go as well. */
  readonly numbers?: () => Promise<Numbers>;
  /** Waits until it is so. Answers whether it was, within `patience` ms. Rejects when the run is broken off. */
  readonly until: (condition: () => boolean | Promise<boolean>, patience: number) => Promise<boolean>;
  /** A promise was broken that the history does not show. */
  readonly violate: (text: string) => void;
}

/** What a fault may lay hands on. */
export interface Scene extends LinkScene, System {
  readonly crews: Crews;
  readonly cluster: Cluster;
  readonly server: Server;
  /** What the server's folder lies on, where a fault has asked for it. */
  readonly disk: SmallDisk | undefined;
  /** Where a fault writes down that it has put an older copy back. */
  readonly cuts: Cut[];
}

/** What goes wrong in a run, on purpose. */
export interface Fault<S extends Ways = Scene> {
  readonly name: string;
  /** It needs the server's folder on a small disk. */
  readonly needsDisk?: boolean;
  /** Whether there is what it befalls; left out: always. */
  applies?(setting: Setting): boolean;
  /** Why it cannot be had there, on whatever machine; undefined: it can. */
  impossible?(setting: Setting): string | undefined;
  /** What this machine lacks for it; undefined: nothing. */
  lacks?(): Promise<string | undefined>;
  /**
   * Breaks something, leaves it for a while and heals it, while clients go on sending. Who, when and for how long follows from the dice.
   * Answers what shows that it was there; undefined: nothing does, and the run says nothing about it.
   */
  readonly strike: (scene: S, dice: Dice) => Promise<string | undefined>;
}

/** One that can be had wherever there are links. */
export type LinkFault = Fault<LinkScene>;

/** What the seed says of a fault: what it is about, which part of the load comes before it, and the dice for all the rest. */
export function drawn<S>(fault: string, seed: number, about: (dice: Dice) => S): { dice: Dice; about: S; part: number } {
  const dice = new Dice(randomStream(seed, fault));
  return { dice, about: about(dice), part: dice.between(0.3, 0.7) };
}

/** A fifth of all clients, at least one, in no order. */
export function victims({ proxies }: Ways, dice: Dice): ReadonlyMap<string, FaultProxy> {
  const left = [...proxies];
  const count = Math.max(1, Math.floor(left.length / 5));
  return new Map(Array.from({ length: count }, () => left.splice(dice.below(left.length), 1)).flat());
}
