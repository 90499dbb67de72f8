import type { FaultProxy } from '@hubbub/rig/proxy';
import type { SmallDisk } from '@hubbub/rig/small-disk';
import type { Dice } from '@hubbub/sim/random';
import type { Cluster, Setting } from './cluster.ts';
import type { Crews } from './crews.ts';
import type { Cut } from './history.ts';
import type { Numbers, Server } from './server.ts';

/** What a fault may lay hands on. */
export interface Scene {
  readonly cluster: Cluster;
  /** The node that it befalls, if it befalls one. */
  readonly server: Server;
  /** What all nodes hold, together. */
  readonly numbers: () => Promise<Numbers>;
  readonly crews: Crews;
  readonly channels: readonly string[];
  /** By the name of each client: its own way to the server. */
  readonly proxies: ReadonlyMap<string, FaultProxy>;
  /** What the server's folder lies on, where a fault has asked for it. */
  readonly disk: SmallDisk | undefined;
  /** Where a fault writes down that it has put an older copy back. */
  readonly cuts: Cut[];
  /** Waits. Rejects when the run is broken off. */
  readonly pause: (ms: number) => Promise<void>;
  /** Waits until it is so. Answers whether it was, within `patience` ms. Rejects when the run is broken off. */
  readonly until: (condition: () => boolean | Promise<boolean>, patience: number) => Promise<boolean>;
  /** Faults of which there are many take as short as makes sense. */
  readonly brief: boolean;
  /** A promise was broken that the history does not show. */
  readonly violate: (text: string) => void;
}

/** What goes wrong in a run, on purpose. */
export interface Fault {
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
  strike(scene: Scene, dice: Dice): Promise<string | undefined>;
}

/** A fifth of all clients, at least one, in no order. */
export function victims({ proxies }: Scene, dice: Dice): ReadonlyMap<string, FaultProxy> {
  const left = [...proxies];
  const count = Math.max(1, Math.floor(left.length / 5));
  return new Map(Array.from({ length: count }, () => left.splice(dice.below(left.length), 1)).flat());
}
