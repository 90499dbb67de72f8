import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seeded } from './contract/interleave.contract.ts';
import type { BrokerFactory } from './contract/rule.contract.ts';
import { brokerContract } from './contract.ts';
import { localBus } from './local.ts';
import { type Loss, lossy } from './lossy.ts';

async function turns(count = 12): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const local = (): BrokerFactory => ({ open: localBus((run) => void setImmediate(run)).open, settled: () => turns() });

/** A lossy wrapper whose timers are turns: what it holds back arrives later, in another order. */
function wrapped(loss: Partial<Loss>): BrokerFactory {
  const bus = localBus((run) => void setImmediate(run));
  const all: Loss = { drop: 0, double: 0, late: 0, lateMs: 5, usualMs: 0, deaf: false, mute: false, ...loss };
  const timer = (ms: number, run: () => void): (() => void) => {
    void turns(Math.ceil(ms)).then(run);
    return () => {};
  };
  return { open: lossy(bus.open, { random: seeded(1), timer, loss: all }), settled: () => turns(30) };
}

const within = 'it is within this process';
const lacks = { server: within, way: within, apart: within, bound: `${within}, where nothing is too long` };

brokerContract('local', local, lacks);
brokerContract('lossy that loses nothing', () => wrapped({}), lacks);

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
