import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aged, type Other } from './others.ts';
import type { Stroke } from './stroke.ts';

const stroke: Stroke = { id: 'x', color: 'ink', width: 6, points: [1, 2] };
const ann: Other = { user: 'ann', at: [1, 2], heardAt: 1_000, faded: false, stroke, drawnAt: 1_000 };

describe('pens of others', () => {
  it('fade after three seconds without a word, and go soon after', () => {
    const others = new Map([['ann', ann]]);
    assert.equal(aged(others, 3_999), others);
    const faded = aged(others, 4_000);
    assert.deepEqual(faded.get('ann'), { ...ann, faded: true });
    assert.equal(aged(faded, 4_199), faded);
    assert.equal(aged(faded, 4_200).size, 0);
  });

  it('lose a stroke that never came into the log, wherever they move to', () => {
    const moving = new Map([['ann', { ...ann, heardAt: 4_000 }]]);
    assert.equal(aged(moving, 4_199), moving);
    assert.equal(aged(moving, 4_200).get('ann')?.stroke, undefined);
  });
});
