import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { channelPrefix, decodeName, encodeName, isChannel, isFactKey, isId, isKind, isUser } from './names.ts';

const notNames: [string, string][] = [
  ['nothing', ''],
  ['a space', 'a b'],
  ['a line break at the end', 'ann\n'],
  ['a colon', 'a:b'],
  ['a slash', 'a/b'],
  ['a letter that is not escaped', 'é'],
  ['an escape in lower case', 'caf%c3%a9'],
  ['an escape in mixed case', 'caf%C3%a9'],
  ['half an escape', 'a%4'],
  ['a bare %', 'a%'],
  ['an escape of no hexadecimal digits', 'a%GG'],
  ['a needless escape of a letter', '%41'],
  ['a needless escape of a dot', 'a%2Eb'],
  ['a NUL', 'a%00'],
  ['a line break', 'a%0Ab'],
  ['a DEL', 'a%7F'],
  ['a control character of two bytes', 'a%C2%85'],
  ['bytes that are no UTF-8', 'a%FF'],
  ['UTF-8 cut short', 'a%C3'],
  ['an overlong form', '%C0%AF'],
  ['half a surrogate pair', '%ED%A0%80'],
  ['text that is not NFC', 'cafe%CC%81'],
];

describe('names', () => {
  for (const [what, name] of notNames) {
    it(`P1, P2: refuses ${what}`, () => {
      assert.equal(decodeName(name), undefined);
      assert.equal(isUser(name), false);
      assert.equal(isChannel(`room:${name}`), false);
    });
  }

  it('P1: a rest has 1 to 128 bytes, escapes counted as they are written', () => {
    assert.ok(isChannel(`room:${'x'.repeat(128)}`));
    assert.ok(!isChannel(`room:${'x'.repeat(129)}`));
    assert.ok(isChannel(`room:${'%C3%A9'.repeat(21)}xx`));
    assert.ok(!isChannel(`room:${'%C3%A9'.repeat(21)}xxx`));
  });

  it('P1: a prefix is 1 to 16 of a-z', () => {
    assert.ok(isChannel('r:x'));
    assert.ok(isChannel(`${'p'.repeat(16)}:x`));
    for (const name of [`${'p'.repeat(17)}:x`, ':x', 'x', 'Room:x', 'room1:x', 'a-b:x', 'room:a:b', ' room:x'])
      assert.ok(!isChannel(name), name);
    assert.equal(channelPrefix('room:x'), 'room');
  });

  it('P1: every character that stands for itself is taken', () => {
    const all = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-';
    assert.equal(decodeName(all), all);
    assert.equal(encodeName(all), all);
  });

  it('P1: every other printable ASCII character is escaped, and % itself too', () => {
    for (let code = 0x20; code < 0x7f; code++) {
      const char = String.fromCharCode(code);
      if (/[A-Za-z0-9._-]/.test(char)) continue;
      const escaped = `%${code.toString(16).toUpperCase()}`;
      assert.equal(encodeName(char), escaped);
      assert.equal(decodeName(escaped), char);
      assert.equal(decodeName(char), undefined);
    }
  });

  it('P1: the example of the page', () => {
    assert.equal(encodeName('café'), 'caf%C3%A9');
    assert.equal(encodeName('cafe\u0301'), 'caf%C3%A9');
    assert.equal(decodeName('caf%C3%A9'), 'café');
  });

  it('P1: a byte order mark is kept', () => {
    assert.equal(decodeName(encodeName('\ufeffx')), '\ufeffx');
  });

  it('P2: a user is 1 to 128 bytes', () => {
    assert.ok(isUser('x'));
    assert.ok(isUser('x'.repeat(128)));
    assert.ok(!isUser('x'.repeat(129)));
  });

  it('P1, P2: what is encoded is decoded to its NFC', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((one) => one.isWellFormed() && !/\p{Cc}/u.test(one));
    fc.assert(
      fc.property(text, (one) => {
        assert.equal(decodeName(encodeName(one)), one.normalize('NFC'));
      }),
    );
  });

  it('P1, P2: every name has one spelling', () => {
    const piece = fc.constantFrom('a', 'Z', '.', '%', '%C3%A9', '%C3', '%A9', '%41', '%20', '%CC%81', 'e', '%c3', '%0A', '-', '%E2%82%AC');
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const name = pieces.join('');
        const text = decodeName(name);
        if (text !== undefined) assert.equal(encodeName(text), name);
      }),
    );
  });

  it('P3: a kind is 1 to 32 of a-z 0-9 . _ -, a letter first', () => {
    for (const kind of ['a', 'message', 'a.b_c-9', 'k'.repeat(32)]) assert.ok(isKind(kind), kind);
    for (const kind of ['', 'k'.repeat(33), '9a', '.a', '_a', '-a', 'A', 'aB', 'a b', 'a\n', 'a:b', 'é']) assert.ok(!isKind(kind), kind);
  });

  it('P4: an id is a UUID in lower case', () => {
    const id = '0198c0de-0000-7000-8000-00000000abcd';
    assert.ok(isId(id));
    const wrong = [
      '',
      id.toUpperCase(),
      `${id}0`,
      id.slice(1),
      `${id}\n`,
      `{${id}}`,
      id.replaceAll('-', ''),
      id.replace('-7', '-0'),
      id.replace('-8', '-c'),
      id.replace('a', 'g'),
    ];
    for (const one of wrong) assert.ok(!isId(one), one);
    fc.assert(fc.property(fc.uuid(), (one) => assert.ok(isId(one))));
  });

  it('a key of a fact is 1 to 256 bytes of NFC without control characters', () => {
    for (const key of ['k', 'k'.repeat(256), 'é'.repeat(128)]) assert.ok(isFactKey(key));
    for (const key of ['', 'k'.repeat(257), `${'é'.repeat(128)}k`, 'a\u0000', 'a\u0085', 'e\u0301', '\ud800']) assert.ok(!isFactKey(key));
  });
});
