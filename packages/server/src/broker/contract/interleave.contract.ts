/** Subscribing and unsubscribing, in any order, without waiting for an answer. */
import assert from 'node:assert/strict';
import { type Member, type Rule, rule } from './rule.contract.ts';

/** A small generator of its own (mulberry32), so that an interleaving can be named by its seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const rooms = ['a', 'b', 'c'];

/** Calls subscribe and unsubscribe as the seed says, on channels of that seed alone. Answers what is wanted in the end. */
async function change({ broker }: Member, seed: number): Promise<string[]> {
  const random = seeded(seed);
  const channels = rooms.map((room) => `room:${room}-${seed}`);
  const wanted = new Set<string>();
  const calls: Promise<void>[] = [];
  // A connection that ends refuses some of them; what was wanted stays wanted.
  const call = (answer: Promise<void>): void => void calls.push(answer.catch(() => {}));
  for (let count = 0; count < 12; count++) {
    const some = channels.filter(() => random() < 0.5);
    if (random() < 0.5) {
      call(broker.subscribe(some));
      for (const channel of some) wanted.add(channel);
    } else {
      call(broker.unsubscribe(some));
      for (const channel of some) wanted.delete(channel);
    }
    if (random() < 0.4) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(calls);
  return [...wanted].sort();
}

/**
 * Goes through these seeds side by side on one member, which may have gone through others before: each has channels of its own, and one
 * disturbs another only by being in flight at the same time. Throws, naming the seed, where it hears anything but what it wants.
 */
export async function interleave(member: Member, settled: () => Promise<void>, seeds: readonly number[]): Promise<void> {
  const wanted = await Promise.all(seeds.map((seed) => change(member, seed)));
  await settled();
  member.envelopes.length = 0;
  for (const seed of seeds) for (const room of rooms) member.broker.publish(`room:${room}-${seed}`, 'x');
  await settled();
  const heard = member.envelopes.map((line) => line.split(' ')[0] ?? '').sort();
  seeds.forEach((seed, at) => {
    assert.deepEqual(
      heard.filter((channel) => channel.endsWith(`-${seed}`)),
      wanted[at],
      `seed ${seed}`,
    );
  });
}

const interleavings = 1_000;
const sideBySide = 20;

/** The seeds from `first` to `last`, so many at a time. */
function* groups(first: number, last: number, size: number): Generator<number[]> {
  for (let at = first; at <= last; at += size) yield Array.from({ length: Math.min(size, last - at + 1) }, (_, more) => at + more);
}

export const interleaveRules: readonly Rule[] = [
  rule(
    'B4',
    `per channel the last call wins, whatever is in flight (${interleavings} seeded interleavings)`,
    [],
    async ({ member, settled }) => {
      // One connection bears them all: they are quick, and none begins from nothing.
      const one = await member();
      for (const seeds of groups(1, interleavings / 2, 1)) await interleave(one, settled, seeds);
      for (const seeds of groups(interleavings / 2 + 1, interleavings, sideBySide)) await interleave(one, settled, seeds);
    },
  ),

  rule('B15', 'the last call wins also while the connections end (5 times, 200 interleavings)', ['way'], async (ground) => {
    const { member, settled, way } = ground;
    const one = await member(way.open);
    await settled();
    one.gaps.length = 0;
    for (const seeds of groups(1, 200, 2 * sideBySide)) {
      // Behind the first calls, and before the last.
      setImmediate(() => setImmediate(() => way.cut()));
      await interleave(one, settled, seeds);
    }
    assert.ok(one.gaps.length > 0, 'nothing was cut');
  }),
];
