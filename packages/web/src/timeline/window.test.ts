import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Row } from './rows.ts';
import {
  above,
  extended,
  following,
  type Held,
  isHeldBelow,
  isNewest,
  missingBetween,
  most,
  newest,
  shiftedBelow,
  shiftedDown,
  shiftedUp,
  step,
} from './window.ts';

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

  it('stays where the room has let go of the rows, and says that it does not hold what comes next', () => {
    const held = rows(1, 100);
    const later = rows(501, 900);
    assert.equal(extended(held, later), held);
    assert.equal(shiftedUp(held, later), held);
    assert.equal(shiftedDown(held, later), held);
    assert.equal(isHeldBelow(held, later), false);
    assert.equal(isHeldBelow(rows(401, 500), later), true);
    assert.equal(isHeldBelow(rows(801, 900), later), true, 'what comes next has not been said yet');
    assert.equal(missingBetween(held[99], later[0] as Row), 400);
  });

  it('goes on, up and down, with rows from elsewhere, never more than fit, without a hole', () => {
    let held: Held = rows(401, 500);
    for (let from = 401; from > 1; from -= 100) held = above(held, rows(from - 100, from - 1));
    assert.deepEqual(span(held), [1, most]);
    while ((held.at(-1)?.seq ?? 0) < 500) {
      const last = held.at(-1)?.seq ?? 0;
      held = shiftedBelow(held, rows(last + 1, last + 50));
    }
    assert.deepEqual(span(held), [501 - most, 500]);
    assert.deepEqual(
      held.map(({ seq }) => seq),
      Array.from({ length: most }, (_, at) => 501 - most + at),
    );
    assert.equal(above(held, []), held);
    assert.equal(shiftedDown(held, rows(501, 900)).at(-1)?.seq, 500 + step);
  });

  it('joins what meets anew: neither the name nor the day is said twice', () => {
    const first = { ...(rows(101, 101)[0] as Row), head: true, newDay: true };
    const held = above([first], rows(100, 100));
    assert.deepEqual([held[1]?.head, held[1]?.newDay], [false, false]);
    const down = shiftedDown(rows(1, 100), [first, ...rows(102, 110)]);
    assert.deepEqual([down[100]?.seq, down[100]?.head, down[100]?.newDay], [101, false, false]);
  });

  it('begins with what there is', () => {
    assert.deepEqual(span(extended([], rows(1, 3))), [1, 3]);
  });
});
