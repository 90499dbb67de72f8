import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Event } from '@hubbub/client';
import { dayText, type Row, rowOf, rowsAbove, rowsBelow } from './rows.ts';

const noon = new Date(2026, 4, 5, 12).getTime();
const minute = 60_000;

function event(offset: number, ts: number, more: Partial<Event> = {}): Event {
  return { offset, n: offset, ts, id: `${offset}`, from: 'ann.abcde', kind: 'message', body: { text: `line ${offset}` }, ...more };
}

function rows(...events: Event[]): Row[] {
  const made: Row[] = [];
  for (const one of events) made.push(rowOf(one, made.at(-1)));
  return made;
}

describe('rows', () => {
  it('puts together what one person says within five minutes', () => {
    const made = rows(
      event(1, noon),
      event(2, noon + 4 * minute),
      event(3, noon + 10 * minute),
      event(4, noon + 10 * minute, { from: 'bob.abcde' }),
      event(5, noon + 11 * minute, { from: 'bob.abcde', kind: 'action' }),
      event(6, noon + 11 * minute, { from: 'bob.abcde' }),
    );
    assert.deepEqual(
      made.map(({ head }) => head),
      [true, false, true, true, true, true],
    );
  });

  it('begins a day where the reader does', () => {
    const midnight = new Date(2026, 4, 6).getTime();
    const made = rows(event(1, midnight - 1), event(2, midnight), event(3, midnight + 1));
    assert.deepEqual(
      made.map(({ newDay, head }) => [newDay, head]),
      [
        [true, true],
        [true, true],
        [false, false],
      ],
    );
    assert.equal(dayText(midnight, midnight), 'Today');
    assert.equal(dayText(midnight - 1, midnight), 'Yesterday');
    assert.match(dayText(new Date(2004, 11, 25).getTime(), midnight), /2004/);
  });

  it('says how much is missing between two rows', () => {
    assert.deepEqual(
      rows(event(7, noon), event(10, noon)).map(({ missing, seq, head }) => [missing, seq, head]),
      [
        [0, 1, true],
        [2, 2, true],
      ],
    );
  });

  it('takes any body', () => {
    const kinds = [null, 5, {}, { text: 5 }, { text: '' }].map((body, at) => rowOf(event(at + 1, noon, { body }), undefined).kind);
    assert.deepEqual(kinds, ['deleted', 'other', 'other', 'other', 'message']);
    assert.equal(rowOf(event(1, noon, { kind: 'reaction' }), undefined).kind, 'other');
  });

  it('tells what has happened to the room in a line, and begins a group after it', () => {
    const about = (kind: string, body: unknown, at: number) => event(at, noon, { kind, body });
    const made = rows(
      about('create', { topic: 'Tea' }, 1),
      event(2, noon),
      about('join', null, 3),
      event(4, noon),
      about('topic', { text: 'Cake' }, 5),
      about('topic', { text: '' }, 6),
      about('leave', null, 7),
      about('stroke', { text: 'x' }, 8),
    );
    assert.deepEqual(
      made.map(({ kind, text }) => [kind, text]),
      [
        ['note', 'ann created this room'],
        ['message', 'line 2'],
        ['note', 'ann joined'],
        ['message', 'line 4'],
        ['topic', 'ann set the topic: Cake'],
        ['topic', 'ann took the topic away'],
        ['note', 'ann left'],
        ['other', ''],
      ],
    );
    assert.equal(made[3]?.head, true);
  });

  it('numbers a page back from what it stands above, and on from what it stands below', () => {
    const [below] = rows(event(50, noon));
    assert.ok(below);
    const older = rowsAbove([event(47, noon), event(48, noon), event(49, noon)], below);
    assert.deepEqual(
      older.map(({ seq, offset, head }) => [seq, offset, head]),
      [
        [-2, 47, true],
        [-1, 48, false],
        [0, 49, false],
      ],
    );
    const newer = rowsBelow([event(51, noon), event(52, noon)], below);
    assert.deepEqual(
      newer.map(({ seq, head }) => [seq, head]),
      [
        [2, false],
        [3, false],
      ],
    );
  });
});
