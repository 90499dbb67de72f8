import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mallory, offenders, runIsolated } from './isolation.ts';

const seeds = 10;

describe('isolation', () => {
  for (const offender of offenders) {
    it(`I9 a client that is ${offender} changes nothing of what others are given, nor when (${seeds} seeds)`, async () => {
      for (let seed = 1; seed <= seeds; seed++) {
        const [without, beside] = [await runIsolated(seed), await runIsolated(seed, offender)];
        for (const [name, given] of without) {
          assert.ok(given.length > 20, `${name} was given ${given.length} frames`);
          assert.deepEqual(beside.get(name), given, `${name}, seed ${seed}`);
        }
        const events = beside.get(mallory)?.filter(([, text]) => text.startsWith('{"push":"events"')) ?? [];
        assert.equal(events.length > 0, offender !== 'malformed' && offender !== 'refused', 'whoever is to do harm by reading is let in');
      }
    });
  }

  it('I9 would show the least difference: another seed is another history', async () => {
    const [one, two] = [await runIsolated(1), await runIsolated(2)];
    assert.notDeepEqual(one.get('ann'), two.get('ann'));
  });
});
