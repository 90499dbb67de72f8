import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Clock } from './clock.fixture.ts';
import { Identifying } from './identifying.ts';
import type { Credentials, IdentityAnswer } from './identity.ts';

describe('identifying', () => {
  function stage(answer: (shown: Credentials) => IdentityAnswer | Promise<never>) {
    const clock = new Clock();
    const calls: number[] = [];
    const identifying = new Identifying(clock.env, {
      identify: (shown) => {
        calls.push(shown.length);
        return Promise.all(shown.map(answer));
      },
    });
    return { clock, calls, identifying };
  }

  const named = (shown: Credentials): IdentityAnswer => ({ who: { user: 'name' in shown ? shown.name : '', rights: [] } });

  it('asks about all who come in one turn at once', async () => {
    const { clock, calls, identifying } = stage(named);
    const all = Array.from({ length: 50 }, (_, at) => identifying.identify({ name: `user${at}` }));
    await clock.settle();
    assert.deepEqual((await Promise.all(all)).map(({ who }) => who.user).slice(0, 2), ['user0', 'user1']);
    assert.deepEqual(calls, [50]);
  });

  it('unauthorized, bad_name: refuses one alone; unavailable: when nobody can tell, or not in time', async () => {
    const mixed = stage((shown) => ('name' in shown && shown.name === 'x' ? { refused: 'bad_name', text: 'no' } : named(shown)));
    const [good, bad] = [mixed.identifying.identify({ name: 'ann' }), mixed.identifying.identify({ name: 'x' })];
    bad.catch(() => {});
    await mixed.clock.settle();
    assert.equal((await good).who.user, 'ann');
    await assert.rejects(bad, { code: 'bad_name' });

    const away = stage(() => Promise.reject(new Error('away')));
    const first = assert.rejects(away.identifying.identify({ name: 'ann' }), { code: 'unavailable', retryAfter: 500 });
    await away.clock.settle();
    await first;

    const silent = stage(() => new Promise<never>(() => {}));
    const late = assert.rejects(silent.identifying.identify({ name: 'ann' }), { code: 'unavailable' });
    await silent.clock.pass(2_000);
    await late;
  });

  it('unauthorized: lets nobody in whose time is over already', async () => {
    const { clock, identifying } = stage(() => ({ who: { user: 'ann', rights: [], expires: 0 } }));
    const over = assert.rejects(identifying.identify({ name: 'ann' }), { code: 'unauthorized' });
    await clock.settle();
    await over;
  });
});
