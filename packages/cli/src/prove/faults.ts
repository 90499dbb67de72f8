import { Dice, randomStream } from '@hubbub/sim/random';
import type { Setting } from './cluster.ts';
import { cutBroker, cutStore, killBroker, killStore, restartBalancer, restartBroker, restartStore, slowStore } from './cluster-faults.ts';
import type { Fault } from './fault.ts';
import { dribble, flapClients, halfOpen, slowClient, storm } from './network-faults.ts';
import { drainNode, killNode, pauseNode, skew } from './process-faults.ts';
import { fullDisk, rollbackStore } from './store-faults.ts';

const all: readonly Fault[] = [
  ...[killNode, drainNode, pauseNode, slowClient, dribble, flapClients],
  ...[storm, halfOpen, fullDisk, rollbackStore, skew],
  ...[killBroker, restartBroker, cutBroker, killStore, restartStore, cutStore, slowStore, restartBalancer],
];

/** What may stand in a list of faults. */
export const faultNames: readonly string[] = [...all.map(({ name }) => name), 'random', 'none'];

/**
 * The faults that a name stands for: itself, all that there can be, in an order of the seed's (`random`), or none at all (`none`).
 * Undefined: no such name, or nothing there that it could befall.
 */
export function faultsNamed(name: string, seed: number, setting: Setting): readonly Fault[] | undefined {
  if (name === 'none') return [];
  const possible = all.filter(({ applies }) => applies?.(setting) ?? true);
  if (name !== 'random') {
    const found = possible.find((fault) => fault.name === name);
    return found && [found];
  }
  const dice = new Dice(randomStream(seed, 'order of faults'));
  const left = [...possible];
  return possible.flatMap(() => left.splice(dice.below(left.length), 1));
}
