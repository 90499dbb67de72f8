import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mechanisms } from './core/mechanisms.ts';
import { processEnv } from './env.ts';

describe('env', () => {
  const env = processEnv();

  it('has a clock that does not go back', () => {
    let last = env.now();
    for (let at = 0; at < 1_000; at++) {
      const now = env.now();
      assert.ok(now >= last);
      last = now;
    }
  });

  it('calls a timer once, not before its time, and not once cancelled', async () => {
    const began = env.now();
    const calls: string[] = [];
    await new Promise<void>((resolve) => {
      const cancel = env.timer(5, () => void calls.push('cancelled'));
      env.timer(10, () => void calls.push('first'));
      env.timer(20, resolve);
      cancel();
      cancel();
    });
    assert.deepEqual(calls, ['first']);
    assert.ok(env.now() - began >= 19);
  });

  it('has a next turn, after this one', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      env.turn(() => {
        order.push('turn');
        resolve();
      });
      queueMicrotask(() => order.push('microtask'));
      order.push('this');
    });
    assert.deepEqual(order, ['this', 'microtask', 'turn']);
  });

  it('draws from 0 up to 1, past its buffer, without repeating itself', () => {
    const drawn = Array.from({ length: 2_000 }, env.random);
    assert.ok(drawn.every((value) => value >= 0 && value < 1));
    assert.equal(new Set(drawn).size, drawn.length);
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    assert.ok(Math.abs(mean - 0.5) < 0.05);
  });

  it('counts mechanisms where others can read it', () => {
    env.count('repair');
    env.count('repair', 2);
    assert.equal(env.counts.get('repair'), 3);
    assert.deepEqual([...env.counts.keys()], [...mechanisms], 'those that have not come about are there, as 0');
    assert.equal(env.counts.get('rolled_back'), 0);
  });
});
