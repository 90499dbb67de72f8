import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countLosses, type Heard, longestRise, type Witness } from './losses.ts';

const room = 'room:a';
const ids = ['one', 'two', 'three', 'four'];
/** Given `ids` in this order, the first at `since`, one a millisecond. */
const heard = (order: readonly string[], since: number): Heard[] => order.map((id, at) => ({ id, at: since + at }));

/** Ann says four things, all acknowledged; three hear them. */
function witnesses(...orders: readonly (readonly string[])[]): Witness[] {
  const said = ids.map((id) => ({ room, id, acked: true }));
  return orders.map((order, at) => ({ said: at === 0 ? said : [], heard: { [room]: heard(order, at / 10) } }));
}

const clean = { acked: 4, unanswered: 0, delivered: 12, lost: 0, duplicated: 0, reordered: 0 };

describe('what clients have lost', () => {
  it('is nothing where each was given all of it once, in one order', () => {
    assert.deepEqual(countLosses(witnesses(ids, ids, ids)), clean);
  });

  it('is what was acknowledged and one of them was never given', () => {
    assert.deepEqual(countLosses(witnesses(ids, ['one', 'four'], ids)), { ...clean, delivered: 10, lost: 2 });
    assert.deepEqual(countLosses(witnesses(ids, [], ids)), { ...clean, delivered: 8, lost: 4 });
  });

  it('is not what was never acknowledged, given or not', () => {
    const [ann, ...others] = witnesses(ids, ['one', 'two', 'three'], ids);
    const said = ids.map((id) => ({ room, id, acked: id !== 'four' }));
    assert.deepEqual(countLosses([{ ...ann!, said }, ...others]), { ...clean, acked: 3, unanswered: 1, delivered: 9 });
  });

  it('is not what came twice, which is counted by itself, wherever the second one stands', () => {
    const again = countLosses(witnesses(ids, ['one', 'two', 'one', 'three', 'four', 'four'], ids));
    assert.deepEqual(again, { ...clean, duplicated: 2 });
  });

  it('is not what came in another order than most saw, of which the fewest are counted', () => {
    assert.deepEqual(countLosses(witnesses(ids, ['two', 'one', 'three', 'four'], ids)), { ...clean, reordered: 1 });
    assert.deepEqual(countLosses(witnesses(ids, ['four', 'one', 'two', 'three'], ids)), { ...clean, reordered: 1 });
  });

  it('is judged by the log, where there is one', () => {
    const swapped = ['two', 'one', 'three', 'four'];
    assert.equal(countLosses(witnesses(swapped, swapped, swapped)).reordered, 0);
    assert.equal(countLosses(witnesses(swapped, swapped, swapped), { [room]: ids }).reordered, 3);
  });
});

it('finds the longest rise', () => {
  assert.equal(longestRise([]), 0);
  assert.equal(longestRise([3, 2, 1]), 1);
  assert.equal(longestRise([0, 4, 1, 5, 2, 3]), 4);
});
