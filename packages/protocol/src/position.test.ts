import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatPosition, parsePosition } from './position.ts';

describe('position', () => {
  it('P5: reads OFFSET~EPOCH, and 0 alone', () => {
    assert.deepEqual(parsePosition('7~k3Jx'), { offset: 7, epoch: 'k3Jx' });
    assert.deepEqual(parsePosition('0~A_-9'), { offset: 0, epoch: 'A_-9' });
    assert.deepEqual(parsePosition('0'), { offset: 0 });
  });

  it('P5: an epoch has 1 to 32 characters', () => {
    assert.ok(parsePosition(`1~${'e'.repeat(32)}`));
    assert.equal(parsePosition(`1~${'e'.repeat(33)}`), undefined);
    assert.equal(parsePosition('1~'), undefined);
  });

  it('P5: an offset is a safe integer', () => {
    assert.deepEqual(parsePosition(`${Number.MAX_SAFE_INTEGER}~e`), { offset: Number.MAX_SAFE_INTEGER, epoch: 'e' });
    assert.equal(parsePosition('9007199254740992~e'), undefined);
    assert.equal(parsePosition('10000000000000000~e'), undefined);
  });

  const wrong = [
    '',
    '7',
    '~e',
    '07~e',
    '00',
    '-1~e',
    '+1~e',
    '1.5~e',
    '1e3~e',
    ' 1~e',
    '1~e ',
    '1~e\n',
    '0\n',
    '1~é',
    '1~a.b',
    '1~a~b',
    '0x1~e',
    'x',
  ];
  for (const text of wrong) {
    it(`P5: refuses ${JSON.stringify(text)}`, () => assert.equal(parsePosition(text), undefined));
  }

  it('P5: what is written is read as it was', () => {
    const epoch = fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/);
    fc.assert(
      fc.property(fc.maxSafeNat(), epoch, (offset, name) => {
        assert.deepEqual(parsePosition(formatPosition({ offset, epoch: name })), { offset, epoch: name });
      }),
    );
    assert.equal(formatPosition({ offset: 0 }), '0');
  });
});
