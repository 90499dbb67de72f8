import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { randomText, uuidv7 } from './id.ts';
import { isId } from './names.ts';

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const time = fc.double({ min: 0, max: 2 ** 48 - 1, noNaN: true });

describe('id', () => {
  it('P4: a UUID v7 is an id, whatever clock and randomness say', () => {
    fc.assert(
      fc.property(time, chance, (now, random) => {
        const id = uuidv7({ now: () => now, random: () => random });
        assert.ok(isId(id), id);
        assert.equal(id[14], '7');
      }),
    );
    for (const now of [-1, 2 ** 48, 2 ** 52]) assert.ok(isId(uuidv7({ now: () => now, random: () => 0 })));
  });

  it('P4: it holds the time in its first 48 bits, so that ids sort by time', () => {
    fc.assert(
      fc.property(time, time, chance, chance, (a, b, x, y) => {
        const [early, late] = a < b ? [a, b] : [b, a];
        fc.pre(Math.floor(early) < Math.floor(late));
        const first = uuidv7({ now: () => early, random: () => x });
        const second = uuidv7({ now: () => late, random: () => y });
        assert.ok(first < second);
        assert.equal(Number.parseInt(first.slice(0, 13).replace('-', ''), 16), Math.floor(early));
      }),
    );
  });

  it('P4: the random bits are used', () => {
    const at = (random: number): string => uuidv7({ now: () => 0, random: () => random });
    assert.equal(at(0), '00000000-0000-7000-8000-000000000000');
    assert.equal(at(1 - 2 ** -53), '00000000-0000-7fff-bfff-ffffffffffff');
  });

  it('a random text has its length and its letters', () => {
    fc.assert(
      fc.property(chance, fc.nat({ max: 50 }), (random, length) => {
        const text = randomText(() => random, length);
        assert.equal(text.length, length);
        assert.match(text, /^[a-z2-7]*$/);
      }),
    );
  });
});
