import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endedChildrenMs, infoFigures } from './stack-usage.ts';

describe('what a stack has used', () => {
  it('is also what children have used that have ended, whatever their parent is called', () => {
    const line = '811 (a) S (b) S 1 811 811 0 -1 4194560 2001 99 0 0 7 5 40 2 20 0 1 0 4711 23 3 18446744073709551615';
    assert.equal(endedChildrenMs(line), 420);
  });
});

describe('what has passed through Redis', () => {
  it('is read from what it tells of itself', () => {
    const info = 'total_net_output_bytes:4096\r\ncmdstat_publish:calls=12,usec=30,usec_per_call=2.50\r\n';
    assert.deepEqual(infoFigures(info), { published: 12, bytesOut: 4096 });
  });

  it('is nothing where nothing was published yet', () => {
    assert.deepEqual(infoFigures('total_net_output_bytes:7\r\n'), { published: 0, bytesOut: 7 });
  });
});
