import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bucketOf, buckets, packed, unpacked } from './buckets.ts';

describe('buckets', () => {
  it('take about the same share each', () => {
    const counts = new Array<number>(buckets).fill(0);
    for (let number = 0; number < 64_000; number++) {
      const bucket = bucketOf(`room:${number}`);
      counts[bucket] = (counts[bucket] ?? Number.NaN) + 1;
    }
    // A thousand each, give or take five times what chance does.
    for (const count of counts) assert.ok(Math.abs(count - 1_000) < 160, `${count}`);
  });

  it('are the same for ever, or two versions of a node would not hear each other', () => {
    assert.deepEqual(
      ['room:general', 'user:alice', 'beat:1'].map((channel) => bucketOf(channel)),
      [40, 16, 20],
    );
  });

  it('hold texts that say of which channel they are', () => {
    const parcel = { channel: 'room:a', envelope: '{"v":1}\n{"é":1}\n' };
    assert.deepEqual(unpacked(packed(parcel)), parcel);
    assert.deepEqual(unpacked('room:a\n'), { channel: 'room:a', envelope: '' });
    assert.equal(unpacked('of somebody else'), undefined);
  });
});
