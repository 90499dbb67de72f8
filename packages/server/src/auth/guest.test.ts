import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeName, isUser } from '@hubbub/protocol/names';
import { SignJWT } from 'jose';
import { guests, guestToken } from './guest.ts';
import { givenKey } from './keys.ts';
import type { Refused, Verified } from './verifier.ts';

const secret = 'a secret of the test, long enough for HMAC-SHA-256';
const keys = givenKey(secret);
const issuedAt = 1_700_000_000_123;

describe('guest', () => {
  const verifier = guests({ keys, calendar: () => issuedAt, random: Math.random });
  const byName = (name: string): Promise<Verified | Refused> => verifier.verify({ name });
  const byToken = (token: string): Promise<Verified | Refused> => verifier.verify({ token });

  function whoOf(answer: Verified | Refused): Verified {
    assert.ok('user' in answer, 'taken');
    return answer;
  }

  it('P20: makes a user of a name and five letters, and a token that is that user for ever after', async () => {
    const { user, token } = whoOf(await byName('Ann'));
    assert.match(user, /^Ann\.[a-z2-7]{5}$/);
    assert.ok(token !== undefined);
    assert.deepEqual(await byToken(token), { user, issuedAt });
  });

  it('takes two of one name for two people', async () => {
    const users = await Promise.all(Array.from({ length: 100 }, async () => whoOf(await byName('Ann')).user));
    assert.equal(new Set(users).size, 100);
  });

  const good: [string, string][] = [
    ['  Ann ', 'Ann'],
    ['Ann Lee', 'Ann Lee'],
    ['café', 'café'],
    ['cafe\u0301', 'café'],
    ['a.b', 'a.b'],
    ['100%', '100%'],
    ['李雷', '李雷'],
    ['👩‍🚀', '👩‍🚀'],
    ['.', '.'],
    ['x'.repeat(64), 'x'.repeat(64)],
  ];
  for (const [name, shown] of good) {
    it(`takes ${JSON.stringify(name)}`, async () => {
      const { user } = whoOf(await byName(name));
      assert.ok(isUser(user));
      // What a page shows: all before the last dot.
      assert.equal(decodeName(user.slice(0, user.lastIndexOf('.'))), shown);
    });
  }

  const bad = [
    '',
    '   ',
    '\u200b',
    'x'.repeat(65),
    '李'.repeat(14),
    'a\u0000b',
    'a\nb',
    'Ann\n',
    '\u007f',
    'a\u0085b',
    'a\u202eb',
    '\ud800',
  ];
  for (const name of bad) {
    it(`bad_name: ${JSON.stringify(name)}`, async () => {
      const answer = await byName(name);
      assert.equal('refused' in answer && answer.refused, 'bad_name');
    });
  }

  it('takes tokens of a key without a name, from before keys had names', async () => {
    const key = new TextEncoder().encode(secret);
    const old = await new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject('ann').setIssuer('hubbub').sign(key);
    assert.deepEqual(await byToken(old), { user: 'ann' });
  });

  it('tells until when a token holds', async () => {
    const expiresAt = Date.now() + 60_000;
    assert.deepEqual(await byToken(await guestToken('ann', keys, { issuedAt, expiresAt })), { user: 'ann', issuedAt, expiresAt });
  });

  it('throws when the keys cannot be read: that says nothing about the token', async () => {
    const away = { newest: keys.newest, find: () => Promise.reject(new Error('the store is away')) };
    const made = await guestToken('ann', keys, { issuedAt });
    await assert.rejects(guests({ keys: away, calendar: () => issuedAt, random: Math.random }).verify({ token: made }), /away/);
  });

  it('unauthorized: whatever else is wrong with a token, and always in the same words', async () => {
    const key = new TextEncoder().encode(secret);
    const made = await guestToken('ann', keys, { issuedAt });
    const [head = '', , signature = ''] = made.split('.');
    const wrong = [
      '',
      'x',
      await guestToken('ann', givenKey('another secret, as long as the one of this server'), { issuedAt }),
      await new SignJWT().setProtectedHeader({ alg: 'HS256', kid: 'another' }).setSubject('ann').setIssuer('hubbub').sign(key),
      `${head}.${Buffer.from('{"sub":"bob","iss":"hubbub"}').toString('base64url')}.${signature}`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${made.split('.')[1]}.`,
      await new SignJWT().setProtectedHeader({ alg: 'HS256' }).setIssuer('hubbub').sign(key),
      await new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject('ann').setIssuer('another').sign(key),
      await new SignJWT().setProtectedHeader({ alg: 'HS512' }).setSubject('ann').setIssuer('hubbub').sign(key),
      await new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject('no user').setIssuer('hubbub').sign(key),
      await new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject('ann').setIssuer('hubbub').setExpirationTime(1).sign(key),
    ];
    const answers = await Promise.all(wrong.map(byToken));
    for (const answer of answers) {
      assert.equal('refused' in answer && answer.refused, 'unauthorized');
      assert.deepEqual(answer, answers[0]);
    }
  });
});
