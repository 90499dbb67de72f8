import type { Dice } from '@hubbub/sim/random';
import type { Company } from './company.ts';
import type { LinkScene } from './fault.ts';
import type { Cut, Log } from './history.ts';

/** Of one node's process: how many events its look has found that no bell had named. */
export interface Look {
  /** Which process it is. */
  readonly process: number;
  readonly found: number;
}

/** Where a run plays: servers of its own, or somebody's. */
export interface Stage<S extends LinkScene> extends AsyncDisposable {
  readonly urls: readonly string[];
  readonly company: Company;
  readonly cuts: readonly Cut[];
  /** Channels that stay there when it is over. */
  readonly left: readonly string[];
  /** What a fault may lay hands on, and, where there are several nodes, which of them it befalls. */
  scene(dice: Dice): S;
  /** What all nodes have found by now; undefined: nobody here is told. */
  looks(): Promise<readonly Look[] | undefined>;
  /** For how long all nodes have held what they had to give, together, in milliseconds; undefined: nobody here is told. */
  heldMs(): Promise<number | undefined>;
  /** Holds the servers to what they held before (I8), where it can be known: all of it where nothing flows any more, else who is there. */
  compare(when: string, patience: number, quiet?: boolean): Promise<void>;
  /** Reads the channels as a client that has never been there. */
  readLog(): Promise<Log>;
  /** Sends everybody home, and looks at what remains. */
  leave(patience: number): Promise<void>;
}
