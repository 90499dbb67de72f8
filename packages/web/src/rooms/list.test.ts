import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextUnread } from './list.ts';

const list = ['a', 'b', 'c', 'd'].map((title) => ({ channel: `room:${title}`, title, unread: title === 'b' || title === 'd' ? 2 : 0 }));

describe('the list of rooms', () => {
  it('has a next one with something unread, up and down, around its ends', () => {
    const next = (open: string | undefined, step: 1 | -1) => nextUnread(list, open && `room:${open}`, step);
    assert.deepEqual([next('a', 1), next('b', 1), next('c', 1), next('d', 1)], ['room:b', 'room:d', 'room:d', 'room:b']);
    assert.deepEqual([next('a', -1), next('b', -1), next('c', -1), next('d', -1)], ['room:d', 'room:d', 'room:b', 'room:b']);
    assert.deepEqual([next(undefined, 1), next(undefined, -1)], ['room:b', 'room:d']);
    const quiet = list.map((one) => ({ ...one, unread: 0 }));
    assert.deepEqual([nextUnread(quiet, 'room:a', 1), nextUnread([], undefined, -1)], [undefined, undefined]);
  });
});
