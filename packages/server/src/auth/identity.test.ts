import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ownerKey, peopleChannel, revokedKey } from '@hubbub/protocol/people';
import { createMemoryData } from '../store/memory/data.ts';
import { openMemory } from '../store/memory/memory.ts';
import { openIdentity } from './identity.ts';
import type { Verified, Verifier } from './verifier.ts';

const adminToken = 'the token of the administrator, of this test';

/** Tokens are JSON of what they say. */
const verifier: Verifier = {
  verify: async (shown) => {
    if ('name' in shown) return { user: shown.name, token: 'new' };
    if (shown.token === 'slow') return new Promise(() => {});
    if (shown.token === 'broken') throw new Error('no keys');
    return shown.token.startsWith('{') ? (JSON.parse(shown.token) as Verified) : { refused: 'unauthorized', text: 'no' };
  },
};

describe('identity', () => {
  function stage() {
    const data = createMemoryData({ now: () => 1, random: Math.random });
    const store = openMemory(data);
    let reads = 0;
    const identity = openIdentity({
      store: {
        facts: (...asked) => {
          reads += 1;
          return store.facts(...asked);
        },
      },
      verifier,
      fixed: [{ token: adminToken, user: 'admin', rights: ['import', 'admin'] }],
      now: () => 500,
      calendar: () => 10_000,
    });
    const token = (verified: Verified) => ({ token: JSON.stringify(verified) });
    const fact = (channel: string, key: string, value: string | null): void => {
      const item = { channel, id: crypto.randomUUID(), from: 'hubbub', kind: 'fact', body: 'null', counts: false };
      data.append([{ ...item, facts: [{ key, value }] }]);
    };
    return { identity, token, fact, reads: () => reads };
  }

  it('answers in order, each for himself, and reads what is so of all of them at once', async () => {
    const { identity, token, reads } = stage();
    const shown = [{ name: 'ann' }, { token: 'bad' }, token({ user: 'ben' }), { token: adminToken }];
    assert.deepEqual(await identity.identify(shown), [
      { who: { user: 'ann', rights: [] }, token: 'new' },
      { refused: 'unauthorized', text: 'no' },
      { who: { user: 'ben', rights: [] } },
      { who: { user: 'admin', rights: ['import', 'admin'] } },
    ]);
    assert.equal(reads(), 1);
    await identity.identify(Array.from({ length: 500 }, (_, at) => ({ name: `user${at}` })));
    assert.equal(reads(), 2);
    await identity.identify(Array.from({ length: 501 }, (_, at) => ({ name: `user${at}` })));
    assert.equal(reads(), 4);
  });

  it('keeps nobody waiting for one whose keys cannot be told, and refuses nobody for him', async () => {
    const { identity, token } = stage();
    const later = { refused: 'unavailable', text: 'who you are cannot be told at the moment' };
    assert.deepEqual(await identity.identify([{ token: 'slow' }, token({ user: 'ben' }), { token: 'broken' }]), [
      later,
      { who: { user: 'ben', rights: [] } },
      later,
    ]);
  });

  it('takes nobody for the server itself, its administrator or its service who only says so', async () => {
    const { identity, token } = stage();
    for (const user of ['admin', 'service', 'hubbub']) {
      assert.ok('refused' in ((await identity.identify([token({ user })]))[0] ?? {}), user);
    }
  });

  it('takes a fixed token as it is alone', async () => {
    const { identity } = stage();
    for (const wrong of [adminToken.slice(1), `${adminToken}x`, adminToken.toUpperCase(), '']) {
      assert.ok('refused' in ((await identity.identify([{ token: wrong }]))[0] ?? {}), wrong);
    }
  });

  it('counts the end of a token by the clock of the node', async () => {
    const { identity, token } = stage();
    const [answer] = await identity.identify([token({ user: 'ann', expiresAt: 13_000 })]);
    assert.deepEqual(answer, { who: { user: 'ann', rights: [], expires: 3_500 } });
  });

  it('hands on what a token grants', async () => {
    const { identity, token } = stage();
    const grants = [{ channel: 'board:*', may: ['read'] as const }];
    const [answer] = await identity.identify([token({ user: 'ann', grants })]);
    assert.deepEqual(answer, { who: { user: 'ann', rights: [], grants } });
  });

  it('I7: takes no token from before a revocation, and any from after it', async () => {
    const { identity, token, fact } = stage();
    fact('user:ann', revokedKey, JSON.stringify({ at: 5_000 }));
    const answers = await identity.identify([
      token({ user: 'ann', issuedAt: 4_999 }),
      token({ user: 'ann', issuedAt: 5_000 }),
      token({ user: 'ann' }),
      token({ user: 'ann', issuedAt: 5_001 }),
      token({ user: 'anna', issuedAt: 1 }),
    ]);
    assert.deepEqual(
      answers.map((answer) => 'who' in answer),
      [false, false, false, true, true],
    );
  });

  it('gives whoever owns the server his rights, as long as he does', async () => {
    const { identity, token, fact } = stage();
    const rights = async (user: string): Promise<unknown> => {
      const [answer] = await identity.identify([token({ user })]);
      return answer && 'who' in answer ? answer.who.rights : undefined;
    };
    fact(peopleChannel, ownerKey('ann'), 'true');
    assert.deepEqual(await rights('ann'), ['import', 'admin']);
    assert.deepEqual(await rights('ben'), []);
    fact(peopleChannel, ownerKey('ann'), null);
    assert.deepEqual(await rights('ann'), []);
  });

  it('throws when the store does not answer: nobody is let in on half the truth', async () => {
    const away = openIdentity({
      ...{ store: { facts: () => Promise.reject(new Error('away')) }, verifier, fixed: [], now: () => 0, calendar: () => 0 },
    });
    await assert.rejects(away.identify([{ name: 'ann' }]), /away/);
  });
});
