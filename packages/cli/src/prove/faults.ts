import { Dice, randomStream } from '@hubbub/sim/random';
import type { Fault } from './fault.ts';
import { dribble, flapClients, halfOpen, slowClient, storm } from './network-faults.ts';
import { drainNode, killNode, pauseNode, skew } from './process-faults.ts';
import { fullDisk, rollbackStore } from './store-faults.ts';

const all: readonly Fault[] = [
  ...[killNode, drainNode, pauseNode, slowClient, dribble, flapClients],
  ...[storm, halfOpen, fullDisk, rollbackStore, skew],
];

/** What may stand in a list of faults. */
export const faultNames: readonly string[] = [...all.map(({ name }) => name), 'random', 'none'];

/** The faults that a name stands for: itself, all in an order of the seed's (`random`), or none at all (`none`). Undefined: no such name. */
export function faultsNamed(name: string, seed: number): readonly Fault[] | undefined {
  if (name === 'none') return [];
  if (name !== 'random') {
    const found = all.find((fault) => fault.name === name);
    return found && [found];
  }
  const dice = new Dice(randomStream(seed, 'order of faults'));
  const left = [...all];
  return all.flatMap(() => left.splice(dice.below(left.length), 1));
}
