import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Broker, BrokerSinks } from './broker.ts';

/** What the suite needs of a broker: members of one bus, and a way to wait until all that is under way has arrived. */
export interface BrokerFactory {
  open(sinks: BrokerSinks): Promise<Broker> | Broker;
  settled(): Promise<void>;
}

interface Rule {
  readonly id: string;
  readonly title: string;
  run(factory: BrokerFactory): Promise<void>;
}

interface Heard {
  readonly broker: Broker;
  readonly envelopes: string[];
}

async function member(factory: BrokerFactory): Promise<Heard> {
  const envelopes: string[] = [];
  const broker = await factory.open({ onEnvelope: (channel, envelope) => envelopes.push(`${channel} ${envelope}`), onGap: () => {} });
  return { broker, envelopes };
}

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

/** Calls subscribe and unsubscribe as the seed says, never waiting for an answer; then tells what was heard and what should have been. */
export async function interleave(factory: BrokerFactory, seed: number): Promise<{ readonly heard: string[]; readonly wanted: string[] }> {
  const random = seeded(seed);
  const { broker, envelopes } = await member(factory);
  const channels = ['room:a', 'room:b', 'room:c'];
  const wanted = new Set<string>();
  const calls: Promise<void>[] = [];
  for (let call = 0; call < 12; call++) {
    const some = channels.filter(() => random() < 0.5);
    if (random() < 0.5) {
      calls.push(broker.subscribe(some));
      for (const channel of some) wanted.add(channel);
    } else {
      calls.push(broker.unsubscribe(some));
      for (const channel of some) wanted.delete(channel);
    }
    if (random() < 0.4) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.allSettled(calls);
  await factory.settled();
  envelopes.length = 0;
  for (const channel of channels) broker.publish(channel, 'x');
  await factory.settled();
  await broker.close();
  return { heard: envelopes.map((line) => line.split(' ')[0] ?? '').sort(), wanted: [...wanted].sort() };
}

const interleavings = 1_000;

export const rules: readonly Rule[] = [
  {
    id: 'B1',
    title: 'an envelope reaches every node that has subscribed, its sender too, byte for byte',
    run: async (factory) => {
      const [ann, ben] = [await member(factory), await member(factory)];
      await Promise.all([ann.broker.subscribe(['room:a']), ben.broker.subscribe(['room:a'])]);
      ann.broker.publish('room:a', '{"v":1}\n{"é":"\u{1f600}"}');
      await factory.settled();
      for (const { envelopes } of [ann, ben]) assert.deepEqual(envelopes, ['room:a {"v":1}\n{"é":"\u{1f600}"}']);
      await Promise.all([ann.broker.close(), ben.broker.close()]);
    },
  },
  {
    id: 'B2',
    title: 'nothing comes of a channel that was not subscribed to, or no longer is',
    run: async (factory) => {
      const { broker, envelopes } = await member(factory);
      await broker.subscribe(['room:a', 'room:b']);
      await broker.unsubscribe(['room:a']);
      for (const channel of ['room:a', 'room:b', 'room:c']) broker.publish(channel, 'x');
      await factory.settled();
      assert.deepEqual(envelopes, ['room:b x']);
      await broker.close();
    },
  },
  {
    id: 'B3',
    title: 'subscribing twice is subscribing once',
    run: async (factory) => {
      const { broker, envelopes } = await member(factory);
      await broker.subscribe(['room:a']);
      await broker.subscribe(['room:a', 'room:a']);
      broker.publish('room:a', 'x');
      await factory.settled();
      assert.deepEqual(envelopes, ['room:a x']);
      await broker.close();
    },
  },
  {
    id: 'B4',
    title: `per channel the last call wins, whatever is in flight (${interleavings} seeded interleavings)`,
    run: async (factory) => {
      for (let seed = 1; seed <= interleavings; seed++) {
        const { heard, wanted } = await interleave(factory, seed);
        assert.deepEqual(heard, wanted, `seed ${seed}`);
      }
    },
  },
  {
    id: 'B5',
    title: 'no sink is called after close, and publish neither throws nor queues then',
    run: async (factory) => {
      const [ann, ben] = [await member(factory), await member(factory)];
      await ann.broker.subscribe(['room:a']);
      ben.broker.publish('room:a', 'before');
      const closed = ann.broker.close();
      const sofar = ann.envelopes.length;
      ben.broker.publish('room:a', 'after');
      ann.broker.publish('room:a', 'after');
      await closed;
      await factory.settled();
      assert.equal(ann.envelopes.length, sofar);
      await ben.broker.close();
    },
  },
  {
    id: 'B6',
    title: 'sinks are called from the event loop, never from inside publish',
    run: async (factory) => {
      const { broker, envelopes } = await member(factory);
      await broker.subscribe(['room:a']);
      broker.publish('room:a', 'x');
      assert.deepEqual(envelopes, []);
      await factory.settled();
      assert.equal(envelopes.length, 1);
      await broker.close();
    },
  },
];

/** Registers the suite for one broker. */
export function brokerContract(name: string, factory: () => BrokerFactory): void {
  describe(`broker contract: ${name}`, () => {
    for (const { id, title, run } of rules) it(`${id} ${title}`, () => run(factory()));
  });
}
