import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Marks, merged, noMarks, parseMarks, raised, settled, unread } from './marks.ts';

const mine: Marks = { epoch: 'one', read: { 'room:a': 5, 'room:b': 7 } };

function inbox(...entries: readonly (readonly [channel: string, n: number])[]) {
  return new Map(entries.map(([channel, n]) => [channel, { head: n + 1, n }]));
}

describe('marks', () => {
  it('count what was said since, and nothing of a channel that was never seen', () => {
    assert.deepEqual([unread(mine, 'room:a', 9), unread(mine, 'room:a', 4), unread(mine, 'room:c', 9)], [4, 0, 0]);
  });

  it('go up alone', () => {
    assert.equal(raised(mine, 'room:a', 5), mine);
    assert.equal(raised(mine, 'room:a', 4), mine);
    assert.equal(raised(mine, 'room:a', 6).read['room:a'], 6);
    assert.equal(raised(noMarks, 'room:c', 0).read['room:c'], 0);
  });

  it('begin where a channel stands when it is told of first', () => {
    const told = settled(mine, 'one', inbox(['room:a', 9], ['room:c', 30_000]));
    assert.deepEqual(told.read, { 'room:a': 5, 'room:b': 7, 'room:c': 30_000 });
    assert.equal(settled(told, 'one', inbox(['room:a', 12], ['room:c', 30_001])), told);
    assert.equal(unread(told, 'room:c', 30_001), 1);
  });

  it('are not above the end of another history', () => {
    const { epoch, read } = settled(mine, 'two', inbox(['room:a', 3], ['room:b', 9]));
    assert.deepEqual([epoch, read], ['two', { 'room:a': 3, 'room:b': 7 }]);
    // In the same one they may be: what is on the screen goes before what the inbox knows.
    assert.equal(settled(mine, 'one', inbox(['room:a', 3])), mine);
  });

  it('take in what another tab has read of the same history', () => {
    assert.deepEqual(merged(mine, { epoch: 'one', read: { 'room:a': 6, 'room:b': 1 } }).read, { 'room:a': 6, 'room:b': 7 });
    assert.equal(merged(mine, { epoch: 'two', read: { 'room:a': 6 } }), mine);
  });

  it('are read from whatever stands in the storage', () => {
    assert.deepEqual(parseMarks(JSON.stringify(mine)), mine);
    for (const text of [undefined, null, '', 'x', 'null', '[]', '{"epoch":1,"read":{}}', '{"epoch":"x"}']) {
      assert.equal(parseMarks(text), noMarks, String(text));
    }
    assert.deepEqual(parseMarks('{"epoch":"x","read":{"a":1,"b":"2","c":1.5}}').read, { a: 1 });
  });
});
