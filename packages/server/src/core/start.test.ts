import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newestPage, startAt } from './start.ts';

const standing = { head: 1_000, n: 900, first: 1 };
const trimmed = { head: 1_000, n: 900, first: 501 };

describe('where a subscription begins', () => {
  const table: [string, Parameters<typeof startAt>, ReturnType<typeof startAt>][] = [
    ['without a position: at the head', [undefined, undefined, standing, 'e'], { cursor: 1_000 }],
    ['0: at the first kept event', [{ offset: 0 }, undefined, standing, 'e'], { cursor: 0 }],
    ['0 of a trimmed channel misses nothing', [{ offset: 0 }, undefined, trimmed, 'e'], { cursor: 500 }],
    ['its own place', [{ offset: 7, epoch: 'e' }, undefined, standing, 'e'], { cursor: 7 }],
    ['the head', [{ offset: 1_000, epoch: 'e' }, undefined, standing, 'e'], { cursor: 1_000 }],
    ['another epoch: reset', [{ offset: 7, epoch: 'd' }, undefined, standing, 'e'], { cursor: 768, reset: 'new_epoch' }],
    ['another epoch at 0: reset too', [{ offset: 0, epoch: 'd' }, undefined, standing, 'e'], { cursor: 768, reset: 'new_epoch' }],
    ['beyond the head: reset', [{ offset: 1_001, epoch: 'e' }, undefined, standing, 'e'], { cursor: 768, reset: 'beyond_head' }],
    ['below what is kept: trimmed', [{ offset: 499, epoch: 'e' }, undefined, trimmed, 'e'], { cursor: 500, trimmed: true }],
    ['right below what is kept: nothing is missing', [{ offset: 500, epoch: 'e' }, undefined, trimmed, 'e'], { cursor: 500 }],
    ['a gap of just maxGap', [{ offset: 900, epoch: 'e' }, 100, standing, 'e'], { cursor: 900 }],
    ['a gap of one more: reset', [{ offset: 899, epoch: 'e' }, 100, standing, 'e'], { cursor: 768, reset: 'too_old' }],
    ['the newest page, please', [{ offset: 0 }, 100, standing, 'e'], { cursor: 768, reset: 'too_old' }],
    ['an empty channel', [{ offset: 0 }, 0, { head: 0, n: 0, first: 1 }, 'e'], { cursor: 0 }],
  ];
  for (const [title, given, expected] of table) it(title, () => assert.deepEqual(startAt(...given), expected));

  it('the newest page is 128 to 255 events, or what there is', () => {
    for (let head = 0; head <= 1_000; head++) {
      const page = head - newestPage({ head, n: head, first: 1 });
      assert.ok(head < 128 ? page === head : page >= 128 && page <= 255, `${head}: ${page}`);
    }
    assert.equal(newestPage({ head: 1_000, n: 900, first: 990 }), 989);
  });
});
