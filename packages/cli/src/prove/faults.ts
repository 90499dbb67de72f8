import { Dice, randomStream } from '@hubbub/sim/random';
import { CommandError } from '../fail.ts';
import { lossyBroker } from './broker-loss.ts';
import type { Setting } from './cluster.ts';
import { cutBroker, cutStore, killBroker, killStore, restartBalancer, restartBroker, restartStore, slowStore } from './cluster-faults.ts';
import type { Fault, LinkFault } from './fault.ts';
import { dribble, flapClients, halfOpen, slowClient, storm } from './network-faults.ts';
import { drainNode, killNode, pauseNode, skew } from './process-faults.ts';
import { fullDisk, rollbackStore } from './store-faults.ts';

/** Those that befall the links alone, and so can be had wherever there are some. */
const ofLinks: readonly LinkFault[] = [slowClient, dribble, flapClients, storm, halfOpen];
const all: readonly Fault[] = [
  ...[killNode, drainNode, pauseNode],
  ...ofLinks,
  ...[fullDisk, rollbackStore, skew],
  ...[killBroker, restartBroker, cutBroker, lossyBroker],
  ...[killStore, restartStore, cutStore, slowStore, restartBalancer],
];
const nothingThere = 'there is nothing here that it could befall';

/**
 * The faults that a name stands for: itself, all that there can be, in an order of the seed's (`random`), or none at all (`none`).
 * Throws CommandError with the reason where there is none of that name.
 */
export function faultsNamed(name: string, seed: number, setting: Setting): readonly Fault[] {
  return named(all, name, seed, ({ applies, impossible }) => ((applies?.(setting) ?? true) ? impossible?.(setting) : nothingThere));
}

/** The same of those that can be had with servers that somebody else runs. */
export function linkFaultsNamed(name: string, seed: number): readonly LinkFault[] {
  return named(ofLinks, name, seed, () => undefined);
}

type Named = Pick<Fault, 'name'>;

/** `why` says why one of them cannot be had; undefined: it can. */
function named<Some extends Named>(
  some: readonly Some[],
  name: string,
  seed: number,
  why: (fault: Some) => string | undefined,
): readonly Some[] {
  if (name === 'none') return [];
  if (name === 'random') {
    const dice = new Dice(randomStream(seed, 'order of faults'));
    const left = some.filter((fault) => why(fault) === undefined);
    // (Of `left` itself only half would come: it gets shorter on the way.)
    return Array.from({ length: left.length }, () => left.splice(dice.below(left.length), 1)).flat();
  }
  const found = some.find((fault) => fault.name === name);
  const names = [...all.map((fault) => fault.name), 'random', 'none'];
  if (!names.includes(name)) throw new CommandError(`there is no fault ${name}: they are ${names.join(', ')}`, 2);
  const reason = found ? why(found) : nothingThere;
  if (!found || reason !== undefined) throw new CommandError(`--faults ${name}: ${reason}`, 2);
  return [found];
}
