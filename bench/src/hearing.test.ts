import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Hearing } from './hearing.ts';

describe('what is heard in a room', () => {
  it('is each speaker in his own order, whoever speaks between', () => {
    const hearing = new Hearing(10);
    for (const number of [3, 7, 13, 23, 17, 33]) hearing.hear(number);
  });

  it('misses nothing, not even the first', () => {
    assert.throws(() => new Hearing(10).hear(13), /13 of speaker 3 came where 3 should/);
    const hearing = new Hearing(10);
    hearing.hear(3);
    assert.throws(() => hearing.hear(23), /23 of speaker 3 came where 13 should/);
  });

  it('comes once', () => {
    const hearing = new Hearing(10);
    hearing.hear(3);
    assert.throws(() => hearing.hear(3), /came where 13 should/);
  });
});
