import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Row } from './rows.ts';
import { extended, following, type Held, isNewest, missingBetween, most, newest, shiftedDown, shiftedUp, step } from './window.ts';

function rows(from: number, to: number): Row[] {
  return Array.from({ length: to - from + 1 }, (_, at) => {
    const seq = from + at;
    const row = { seq, offset: seq + 1_000, n: seq, ts: 0, from: 'ann', text: '', head: false, newDay: false, missing: 0 };
    return { ...row, kind: 'message' } as const;
  });
}

const span = (held: Held): (number | undefined)[] => [held[0]?.seq, held.at(-1)?.seq];

describe('window', () => {
  const items = rows(1, 1_000);

  it('follows the newest rows', () => {
    assert.deepEqual(span(following(items)), [1_001 - newest, 1_000]);
    assert.deepEqual(following([]), []);
    assert.equal(isNewest(following(items), items), true);
  });

  it('adds below while there is room, and then stands still', () => {
    let held = following(rows(1, 500));
    held = extended(held, rows(1, 510));
    assert.deepEqual(span(held), [501 - newest, 510]);
    held = extended(held, rows(1, 900));
    assert.equal(held.length, most);
    const full = held;
    assert.equal(extended(full, items), full);
    assert.equal(extended(rows(5, 9), rows(1, 9)).length, 5);
  });

  it('goes up to the oldest row and down to the newest, each step without a hole', () => {
    let held = following(items);
    for (let at = 0; at < 1_000 / step; at++) {
      const before = held;
      held = shiftedUp(held, items);
      assert.ok(held.length <= most);
      assert.ok(held.includes(before[0] as Row));
    }
    assert.equal(held[0]?.seq, 1);
    assert.equal(shiftedUp(held, items), held);
    while (!isNewest(held, items)) {
      const last = held.at(-1) as Row;
      held = shiftedDown(held, items);
      assert.ok(held.length <= most);
      assert.ok(held.includes(last));
      for (const [at, row] of held.entries()) assert.equal(missingBetween(held[at - 1], row), 0);
    }
    assert.equal(shiftedDown(held, items), held);
  });

  it('stays where the room has let go of the rows, and says how many were between when it goes on', () => {
    const held = rows(1, 100);
    const later = rows(501, 900);
    assert.equal(extended(held, later), held);
    assert.equal(shiftedUp(held, later), held);
    const down = shiftedDown(held, later);
    assert.deepEqual(span(down), [1, 500 + step]);
    assert.equal(missingBetween(down[99], down[100] as Row), 400);
  });

  it('begins with what there is', () => {
    assert.deepEqual(span(extended([], rows(1, 3))), [1, 3]);
  });
});
