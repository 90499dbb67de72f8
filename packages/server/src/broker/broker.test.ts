import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Broker, BrokerSinks } from './broker.ts';
import { type BrokerFactory, brokerContract, interleave, rules, seeded } from './contract.ts';
import { localBus } from './local.ts';
import { type Loss, lossy } from './lossy.ts';

async function turns(count = 12): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const local = (): BrokerFactory => ({ open: localBus((run) => void setImmediate(run)).open, settled: () => turns() });

/** A lossy wrapper whose timers are turns: what it holds back arrives later, in another order. */
function wrapped(loss: Partial<Loss>): BrokerFactory {
  const bus = localBus((run) => void setImmediate(run));
  const all: Loss = { drop: 0, double: 0, late: 0, lateMs: 5, usualMs: 0, cut: false, ...loss };
  const timer = (ms: number, run: () => void): (() => void) => {
    void turns(Math.ceil(ms)).then(run);
    return () => {};
  };
  return { open: lossy(bus.open, { random: seeded(1), timer, loss: all }), settled: () => turns(30) };
}

/**
 * What an adapter looks like whose author trusted the order of answers: each call goes to a server that takes its own time, and what
 * was answered last counts.
 */
function naive(): BrokerFactory {
  const random = seeded(7);
  const inner = local();
  return {
    settled: () => turns(40),
    open: (sinks: BrokerSinks): Broker => {
      const channels = new Set<string>();
      const broker = inner.open({
        onGap: sinks.onGap,
        onEnvelope: (channel, envelope) => {
          if (channels.has(channel)) sinks.onEnvelope(channel, envelope);
        },
      }) as Broker;
      const everything = broker.subscribe(['room:a', 'room:b', 'room:c']);
      return {
        ...broker,
        subscribe: async (some) => {
          await everything;
          await turns(Math.floor(random() * 4));
          for (const channel of some) channels.add(channel);
        },
        unsubscribe: async (some) => {
          await turns(Math.floor(random() * 4));
          for (const channel of some) channels.delete(channel);
        },
      };
    },
  };
}

brokerContract('local', local);
brokerContract('lossy that loses nothing', () => wrapped({}));

describe('lossy', () => {
  it('drops, doubles and reorders as the seed says, the same every time', async () => {
    const run = async (): Promise<string[]> => {
      const factory = wrapped({ drop: 0.3, double: 0.3, late: 0.5 });
      const heard: string[] = [];
      const broker = await factory.open({ onEnvelope: (_, envelope) => heard.push(envelope), onGap: () => {} });
      await broker.subscribe(['room:a']);
      for (let number = 0; number < 100; number++) broker.publish('room:a', String(number));
      await factory.settled();
      return heard;
    };
    const heard = await run();
    assert.deepEqual(await run(), heard);
    assert.ok(new Set(heard).size < 90, 'some are dropped');
    assert.ok(heard.length > new Set(heard).size, 'some are doubled');
    assert.notDeepEqual(
      [...heard].sort((a, b) => Number(a) - Number(b)),
      heard,
      'some overtake',
    );
  });
});

describe('the contract shown red', () => {
  it('B4 an adapter that trusts the order of answers fails at least one interleaving', async () => {
    let failed = 0;
    for (let seed = 1; seed <= 50; seed++) {
      const { heard, wanted } = await interleave(naive(), seed);
      if (heard.join() !== wanted.join()) failed += 1;
    }
    assert.ok(failed > 0);
    await assert.rejects(rules.find(({ id }) => id === 'B4')?.run(naive()) ?? Promise.resolve());
  });

  const broken: Record<string, (broker: Broker, sinks: BrokerSinks) => Partial<Broker>> = {
    B1: (broker) => ({ publish: (channel, envelope) => broker.publish(channel, envelope.replaceAll('é', 'e')) }),
    B2: () => ({ unsubscribe: async () => {} }),
    B3: (broker) => ({
      publish: (channel, envelope) => {
        broker.publish(channel, envelope);
        broker.publish(channel, envelope);
      },
    }),
    B5: () => ({ close: async () => {} }),
    B6: (broker, sinks) => ({
      publish: (channel, envelope) => {
        sinks.onEnvelope(channel, envelope);
        broker.publish(channel, envelope);
      },
    }),
  };
  for (const [id, breaking] of Object.entries(broken)) {
    it(`${id} fails where it is broken`, async () => {
      const inner = local();
      const factory: BrokerFactory = {
        settled: inner.settled,
        open: (sinks) => {
          const broker = inner.open(sinks) as Broker;
          return { ...broker, ...breaking(broker, sinks) };
        },
      };
      await assert.rejects(rules.find((rule) => rule.id === id)?.run(factory) ?? Promise.resolve());
    });
  }
});
