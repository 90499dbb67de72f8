import type { FaultProxy } from '@hubbub/rig/proxy';
import type { SmallDisk } from '@hubbub/rig/small-disk';
import type { Dice } from '@hubbub/sim/random';
import type { Cluster, Setting } from './cluster.ts';
import type { Crews } from './crews.ts';
import type { Cut } from './history.ts';
import type { Numbers, Server } from './server.ts';

/** What a fault may lay hands on that befalls the links between clients and servers alone. */
export interface LinkScene {
  readonly crews: Crews;
  readonly channels: readonly string[];
  /** By the name of each client: its own way to the server. */
  readonly proxies: ReadonlyMap<string, FaultProxy>;
  /** What all nodes hold, together; left out: nobody here is told, or others come and go as well. */
  readonly numbers?: () => Promise<Numbers>;
  /** Waits. Rejects when the run is broken off. */
  readonly pause: (ms: number) => Promise<void>;
  /** Waits until it is so. Answers whether it was, within `patience` ms. Rejects when the run is broken off. */
  readonly until: (condition: () => boolean | Promise<boolean>, patience: number) => Promise<boolean>;
  /** Faults of which there are many take as short as makes sense. */
  readonly brief: boolean;
  /** A promise was broken that the history does not show. */
  readonly violate: (text: string) => void;
}

/** What a fault may lay hands on. */
export interface Scene extends LinkScene {
  readonly cluster: Cluster;
  /** The node that it befalls, if it befalls one. */
  readonly server: Server;
  /** What the server's folder lies on, where a fault has asked for it. */
  readonly disk: SmallDisk | undefined;
  /** Where a fault writes down that it has put an older copy back. */
  readonly cuts: Cut[];
}

/** What goes wrong in a run, on purpose. */
export interface Fault<S extends LinkScene = Scene> {
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

/** A fifth of all clients, at least one, in no order. */
export function victims({ proxies }: LinkScene, dice: Dice): ReadonlyMap<string, FaultProxy> {
  const left = [...proxies];
  const count = Math.max(1, Math.floor(left.length / 5));
  return new Map(Array.from({ length: count }, () => left.splice(dice.below(left.length), 1)).flat());
}
