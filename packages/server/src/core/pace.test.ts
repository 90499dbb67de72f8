import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Pace } from './pace.ts';

/** How many of so many tries at once are taken. */
function taken(pace: Pace, now: number, tries: number): number {
  return Array.from({ length: tries }, () => pace.take(now)).filter((wait) => wait === 0).length;
}

describe('pace', () => {
  it('takes a burst after quiet, and not one more', () => {
    const pace = new Pace(10, 20);
    assert.equal(taken(pace, 1_000, 20), 20);
    assert.equal(pace.take(1_000), 100);
  });

  it('goes on at the steady pace: what was refused costs nothing', () => {
    const pace = new Pace(10, 20);
    taken(pace, 0, 100);
    for (let now = 100; now <= 2_000; now += 100) assert.equal(taken(pace, now, 5), 1, `at ${now}`);
    assert.equal(pace.take(2_050), 50);
    assert.equal(pace.take(2_099), 1);
    assert.equal(pace.take(2_100), 0);
  });

  it('saves up no more than a burst, however long the quiet', () => {
    const pace = new Pace(10, 20);
    taken(pace, 0, 20);
    assert.equal(taken(pace, 1_000, 30), 10, 'a second later half of it is back');
    assert.equal(taken(pace, 1_000_000, 100), 20);
  });
});
