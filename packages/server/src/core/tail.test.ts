import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Encoded, encode, Tail, TailBudget } from './tail.ts';

function event(offset: number, size = 10): Encoded {
  const id = '00000000-0000-7000-8000-000000000000';
  return encode({ header: { offset, n: offset, ts: 1, id, from: 'ann', kind: 'say' }, body: JSON.stringify('x'.repeat(size)) });
}

const offsets = (events: readonly Encoded[] | undefined): number[] | undefined => events?.map(({ entry }) => entry.header.offset);

describe('tail', () => {
  it('gives what follows a cursor, or nothing where it does not reach back', () => {
    const tail = new Tail(new TailBudget());
    for (let offset = 5; offset <= 8; offset++) tail.push(event(offset));
    assert.deepEqual(offsets(tail.after(4)), [5, 6, 7, 8]);
    assert.deepEqual(offsets(tail.after(7)), [8]);
    assert.deepEqual(offsets(tail.after(8)), []);
    assert.equal(tail.after(3), undefined);
    assert.equal(new Tail(new TailBudget()).after(0), undefined);
  });

  it('takes on what is older, as much as it has room for', () => {
    const budget = new TailBudget();
    const tail = new Tail(budget);
    assert.equal(tail.extend([event(3), event(4), event(5)]), 3);
    tail.push(event(6));
    assert.equal(tail.extend([event(1), event(2), event(3), event(4)]), 2);
    assert.deepEqual(offsets(tail.after(0)), [1, 2, 3, 4, 5, 6]);
    assert.equal(tail.extend([event(1)]), 0);
    assert.equal(budget.bytes, tail.bytes);

    const full = new Tail(new TailBudget());
    full.push(event(2_000));
    assert.equal(full.extend(Array.from({ length: 1_500 }, (_, at) => event(500 + at))), 1_023);
    assert.deepEqual([full.size, full.first], [1_024, 977]);
    full.push(event(2_001));
    assert.equal(full.first, 978);

    const heavy = new Tail(new TailBudget());
    heavy.push(event(100, 16_000));
    heavy.extend(Array.from({ length: 50 }, (_, at) => event(50 + at, 16_000)));
    assert.ok(heavy.bytes <= 256 * 1_024 && heavy.bytes > 230 * 1_024, String(heavy.bytes));
    assert.equal(heavy.after(99)?.length, 1);
  });

  it('holds 1,024 events, not one more', () => {
    const tail = new Tail(new TailBudget());
    for (let offset = 1; offset <= 1_024; offset++) tail.push(event(offset));
    assert.equal(tail.size, 1_024);
    tail.push(event(1_025));
    assert.equal(tail.size, 1_024);
    assert.equal(tail.after(0), undefined);
    assert.equal(tail.after(1)?.length, 1_024);
  });

  it('holds 256 KiB, whatever the number', () => {
    const tail = new Tail(new TailBudget());
    for (let offset = 1; offset <= 40; offset++) tail.push(event(offset, 16_000));
    assert.ok(tail.bytes <= 256 * 1_024 && tail.bytes > 230 * 1_024, String(tail.bytes));
  });

  it('I8 the tails of a node stay within their budget, and the least read goes first', () => {
    const budget = new TailBudget(10_000);
    const [old, read, fresh] = [new Tail(budget), new Tail(budget), new Tail(budget)];
    for (let offset = 1; offset <= 4; offset++) old.push(event(offset, 900));
    for (let offset = 1; offset <= 4; offset++) read.push(event(offset, 900));
    old.after(2);
    read.after(2);
    old.after(2);
    for (let offset = 1; offset <= 4; offset++) fresh.push(event(offset, 900));
    assert.ok(budget.bytes <= 10_000);
    assert.equal(read.size, 0);
    assert.equal(old.size, 4);
    assert.equal(budget.bytes, old.bytes + fresh.bytes);
    for (const tail of [old, read, fresh]) tail.clear();
    assert.equal(budget.bytes, 0);
  });

  it('drops the body of what is emptied, and nothing else of it', () => {
    const tail = new Tail(new TailBudget());
    for (let offset = 1; offset <= 3; offset++) tail.push(event(offset, 100));
    const before = tail.bytes;
    tail.empty(2, 3);
    assert.ok(tail.bytes < before);
    const text = tail.after(1)?.[0]?.text ?? '';
    assert.match(text, /"offset":2,.*"body":null,"emptied":3\}$/);
    assert.ok(!text.includes('xxx'));
    tail.empty(99, 100);
  });
});
