import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeName, isUser } from '@hubbub/protocol/names';
import { SignJWT } from 'jose';
import type { IdentityAnswer, Who } from '../core/identity.ts';
import { guestIdentity, guestToken } from './guest.ts';

const secret = 'a secret of the test, long enough for HMAC-SHA-256';
const adminToken = 'the token of the administrator, of this test';

describe('guest', () => {
  const identity = guestIdentity({ secret, adminToken, random: Math.random });
  const byName = (name: string): Promise<IdentityAnswer> => identity.identify({ name });
  const byToken = (token: string): Promise<IdentityAnswer> => identity.identify({ token });

  function whoOf(answer: IdentityAnswer): Who {
    assert.ok('who' in answer, 'taken');
    return answer.who;
  }

  it('P20: makes a user of a name and five letters, and a token that is that user for ever after', async () => {
    const first = await byName('Ann');
    const { user, rights } = whoOf(first);
    assert.match(user, /^Ann\.[a-z2-7]{5}$/);
    assert.deepEqual(rights, []);
    assert.ok('token' in first && first.token !== undefined);
    assert.deepEqual(await byToken(first.token), { who: { user, rights: [] } });
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

  it('takes the administrator by his token alone', async () => {
    assert.deepEqual(await identity.identify({ token: adminToken }), { who: { user: 'admin', rights: ['import', 'admin'] } });
    // A token of that name, made for somebody else's use, gives no rights.
    assert.deepEqual(whoOf(await byToken(await guestToken('admin', secret))), { user: 'admin', rights: [] });
  });

  it('unauthorized: whatever else is wrong with a token, and always in the same words', async () => {
    const key = new TextEncoder().encode(secret);
    const made = await guestToken('ann', secret);
    const [head = '', , signature = ''] = made.split('.');
    const wrong = [
      '',
      'x',
      adminToken.slice(1),
      `${adminToken}x`,
      await guestToken('ann', 'another secret, as long as the one of this server'),
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
