import { Dice, randomStream } from '@hubbub/sim/random';
import { CommandError } from '../fail.ts';
import { lossyBroker } from './broker-loss.ts';
import type { Setting } from './cluster.ts';
import { cutBroker, cutStore, killBroker, killStore, restartBalancer, restartBroker, restartStore, slowStore } from './cluster-faults.ts';
import type { Fault } from './fault.ts';
import { dribble, flapClients, halfOpen, slowClient, storm } from './network-faults.ts';
import { drainNode, killNode, pauseNode, skew } from './process-faults.ts';
import { fullDisk, rollbackStore } from './store-faults.ts';

const all: readonly Fault[] = [
  ...[killNode, drainNode, pauseNode, slowClient, dribble, flapClients],
  ...[storm, halfOpen, fullDisk, rollbackStore, skew],
  ...[killBroker, restartBroker, cutBroker, lossyBroker],
  ...[killStore, restartStore, cutStore, slowStore, restartBalancer],
];

/** What may stand in a list of faults. */
const faultNames: readonly string[] = [...all.map(({ name }) => name), 'random', 'none'];

/**
 * The faults that a name stands for: itself, all that there can be, in an order of the seed's (`random`), or none at all (`none`).
 * Throws CommandError with the reason where there is none of that name.
 */
export function faultsNamed(name: string, seed: number, setting: Setting): readonly Fault[] {
  if (name === 'none') return [];
  if (name === 'random') {
    const dice = new Dice(randomStream(seed, 'order of faults'));
    const left = all.filter((fault) => whyNot(fault, setting) === undefined);
    return Array.from(left, () => left.splice(dice.below(left.length), 1)).flat();
  }
  const found = all.find((fault) => fault.name === name);
  if (!found) throw new CommandError(`there is no fault ${name}: they are ${faultNames.join(', ')}`, 2);
  const why = whyNot(found, setting);
  if (why !== undefined) throw new CommandError(`--faults ${name}: ${why}`, 2);
  return [found];
}

function whyNot({ applies, impossible }: Fault, setting: Setting): string | undefined {
  return (applies?.(setting) ?? true) ? impossible?.(setting) : 'there is nothing here that it could befall';
}
