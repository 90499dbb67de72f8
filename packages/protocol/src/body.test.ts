import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bodyText, byteLength } from './body.ts';
import { Refusal } from './codes.ts';
import { limits } from './limits.ts';

function refusedAs(body: unknown): string | undefined {
  try {
    bodyText(body);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return error.code;
  }
}

function nested(depth: number, inner: unknown, wrap: (inner: unknown) => unknown): unknown {
  return depth === 0 ? inner : nested(depth - 1, wrap(inner), wrap);
}

describe('body', () => {
  it('P9: takes every JSON value, as JSON.stringify writes it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'small', maxDepth: 5 }), (value) => {
        const parsed: unknown = JSON.parse(JSON.stringify(value));
        const code = refusedAs(parsed);
        if (code === undefined) assert.equal(bodyText(parsed), JSON.stringify(parsed));
        else assert.ok(JSON.stringify(parsed).includes('__proto__'));
      }),
    );
    for (const value of [null, true, false, 0, '', [], {}]) assert.equal(bodyText(value), JSON.stringify(value));
  });

  it('P9: at most 16 KiB, the quotes counted', () => {
    assert.equal(byteLength(bodyText('x'.repeat(limits.bodyBytes - 2))), limits.bodyBytes);
    assert.equal(refusedAs('x'.repeat(limits.bodyBytes - 1)), 'too_large');
  });

  it('P62: as many bytes as the caller says, where he does', () => {
    const most = limits.signalBytes;
    assert.equal(bodyText('é'.repeat((most - 2) / 2), most).length, most / 2 + 1);
    assert.throws(() => bodyText('x'.repeat(most - 1), most), { code: 'too_large' });
    assert.throws(() => bodyText('é'.repeat(most / 2), most), { code: 'too_large' });
  });

  it('P9: the size is measured in bytes of UTF-8, not in characters', () => {
    const most = (limits.bodyBytes - 2) / 2;
    assert.equal(byteLength(bodyText('é'.repeat(most))), limits.bodyBytes);
    assert.equal(refusedAs('é'.repeat(most + 1)), 'too_large');
    assert.equal(refusedAs('👩'.repeat(limits.bodyBytes / 4)), 'too_large');
  });

  it('P9: the size is that of the text as it is written, escapes included', () => {
    assert.equal(byteLength(bodyText('"'.repeat((limits.bodyBytes - 2) / 2))), limits.bodyBytes);
    assert.equal(refusedAs('"'.repeat(limits.bodyBytes / 2)), 'too_large');
  });

  for (const [what, wrap] of [
    ['lists', (inner: unknown) => [inner]],
    ['objects', (inner: unknown) => ({ a: inner })],
  ] as const) {
    it(`P9: nested at most 16 deep, in ${what}`, () => {
      assert.equal(refusedAs(nested(limits.bodyDepth, 1, wrap)), undefined);
      assert.equal(refusedAs(nested(limits.bodyDepth + 1, 1, wrap)), 'bad_body');
      assert.equal(refusedAs(nested(limits.bodyDepth, [], wrap)), 'bad_body');
    });
  }

  it('P9: a value that holds itself is nested too deep', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    assert.equal(refusedAs(loop), 'bad_body');
  });

  it('P9: refuses a key __proto__ as JSON.parse makes it, at any depth', () => {
    for (const text of ['{"__proto__":1}', '{"a":[{"__proto__":null}]}', '{"\\u005f_proto__":{}}']) {
      assert.equal(refusedAs(JSON.parse(text)), 'bad_body', text);
    }
    assert.equal(refusedAs(['__proto__']), undefined);
    assert.equal(refusedAs({ proto: 1, constructor: 2 }), undefined);
  });

  it('P9: refuses numbers that are not finite', () => {
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const body of [number, [number], { a: { b: number } }]) assert.equal(refusedAs(body), 'bad_body');
    }
    // JSON.parse makes it of digits alone.
    assert.equal(refusedAs(JSON.parse('[1e999]')), 'bad_body');
    assert.equal(refusedAs([Number.MAX_VALUE, -0, 5e-324]), undefined);
  });

  it('P9: refuses lone surrogates, in values and in keys', () => {
    for (const half of ['\ud800', '\udc00', 'a\ud83d', '\udc00\ud800']) {
      for (const body of [half, [half], { a: half }, { [half]: 1 }, [{ b: { [half]: 1 } }]]) assert.equal(refusedAs(body), 'bad_body');
    }
    assert.equal(refusedAs({ '👩‍🚀': '👩‍🚀' }), undefined);
  });

  it('P9: refuses what is no JSON value', () => {
    for (const body of [undefined, () => 1, Symbol('x')]) assert.equal(refusedAs(body), 'bad_body');
  });

  it('counts bytes of UTF-8', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(byteLength(text), Buffer.byteLength(text))));
  });
});
