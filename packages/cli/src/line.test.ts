import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventLine } from './line.ts';

describe('line', () => {
  const event = { offset: 7, n: 5, ts: 1_764_000_000_000, id: '', from: 'ann.abcde', kind: 'message', body: { text: 'hello' } };

  it('holds offset, time, sender, kind and text', () => {
    assert.equal(eventLine(event), '7\t2025-11-24T16:00:00.000Z\tann.abcde\tmessage\thello');
  });

  it('is one line, and commands no terminal', () => {
    assert.equal(eventLine({ ...event, body: { text: 'a\nb\u001b[2Jc\u202ed\u2028e' } }).split('\t')[4], 'a b [2Jc d e');
  });

  it('shows a body without text as it is, and says that one was emptied', () => {
    assert.match(eventLine({ ...event, body: { x: 1 } }), /\t\{"x":1\}$/);
    assert.match(eventLine({ ...event, body: { text: 5 } }), /\t\{"text":5\}$/);
    assert.match(eventLine({ ...event, body: null, emptied: 9 }), /\t\(emptied by 9\)$/);
  });
});
