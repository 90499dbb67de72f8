import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alphabetical } from './alphabet.ts';

describe('an alphabetical list', () => {
  it('is in the order of people, reads each text once, and keeps those together that read the same', () => {
    const asked: string[] = [];
    const text = (one: string): string => {
      asked.push(one);
      return one.slice(1);
    };
    const things = ['1zoë', '2Ann', '3änne', '4Zoë', '5ann', '6Bob', '7ann'];
    assert.deepEqual(alphabetical(new Set(things), text), ['5ann', '7ann', '2Ann', '3änne', '6Bob', '1zoë', '4Zoë']);
    assert.deepEqual(asked, things);
  });
});
