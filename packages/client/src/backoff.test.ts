import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { backoff } from './backoff.ts';
import { seeded } from './clock.fixture.ts';

const most = 15_000;
const ceiling = (attempt: number): number => Math.min(most, 400 * 2 ** (attempt - 1));

describe('backoff', () => {
  it('lies between nothing and a ceiling that doubles up to 15 s', () => {
    for (let attempt = 1; attempt <= 100; attempt++) {
      assert.equal(
        backoff(attempt, () => 0),
        0,
      );
      assert.equal(
        backoff(attempt, () => 0.5),
        ceiling(attempt) / 2,
      );
    }
  });

  it('is never below nothing nor at the ceiling, whatever is drawn and however often it failed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, drawn) => {
        const wait = backoff(attempt, () => drawn);
        assert.ok(wait >= 0 && wait < ceiling(attempt));
      }),
    );
  });

  it('waits at least as long as the server asked, and the jitter comes on top', () => {
    assert.equal(
      backoff(1, () => 0, 5_000),
      5_000,
    );
    assert.equal(
      backoff(2, () => 0.5, 60_000),
      60_400,
    );
  });

  it('spreads a thousand clients evenly over the whole time', () => {
    const random = seeded(7);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let client = 0; client < 1_000; client++) {
      const tenth = Math.floor((backoff(4, random) / ceiling(4)) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) assert.ok(count > 60 && count < 140, `${tenths}`);
  });
});
