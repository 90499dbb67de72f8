/** I7, I10 where things take long: what somebody was asked about, or a token, may be another matter by the time that the answer is there. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Store } from '../store/store.ts';
import type { Clock } from './clock.fixture.ts';
import type { Credentials, IdentityAnswer } from './identity.ts';
import { nodeStage, type Stage, type StageOptions, type TestLink } from './node.fixture.ts';

const id = (number: number): string => `60000000-0000-7000-8000-${String(number).padStart(12, '0')}`;

/** A node whose store takes its time for one sort of call, and whose identity can be told to refuse somebody, or to be away. */
async function setUp(slow: (store: Store, wait: () => Promise<void>) => Partial<Store>, options: StageOptions = {}) {
  const state = { takes: 0, revoked: new Set<string>(), away: false };
  const timer: { clock?: Clock } = {};
  const wait = (): Promise<void> => {
    const ms = state.takes;
    return ms === 0 ? Promise.resolve() : new Promise((resolve) => void timer.clock?.env.timer(ms, resolve));
  };
  const identify = async (shown: Credentials): Promise<IdentityAnswer> => {
    if (state.away) throw new Error('away');
    const user = 'name' in shown ? shown.name : shown.token;
    return state.revoked.has(user) ? { refused: 'unauthorized', text: 'no' } : { who: { user, rights: [] }, token: user };
  };
  const stage = await nodeStage({ identify, meddle: (store) => ({ ...store, ...slow(store, wait) }), ...options });
  timer.clock = stage.clock;
  stage.join('room:a', 'ann');
  await stage.clock.pass(1_000);
  const revoke = (): void => stage.append('user:ann', { counts: false, concerns: ['ann'] });
  return { stage, state, revoke };
}

/** After how many milliseconds, to the next half second, there is a reply. */
async function answered(stage: Stage, link: TestLink, req: number): Promise<number> {
  for (let at = 0; at < 30_000; at += 500) {
    if (link.reply(req)) return at;
    await stage.clock.pass(500);
  }
  return Number.POSITIVE_INFINITY;
}

const slowHeads = (store: Store, wait: () => Promise<void>): Partial<Store> => ({
  heads: async (channels) => {
    if (channels.length > 0) await wait();
    return store.heads(channels);
  },
});
const slowFacts = (store: Store, wait: () => Promise<void>): Partial<Store> => ({
  facts: async (query, ...rest) => {
    if ('with' in query) await wait();
    return store.facts(query, ...rest);
  },
});
const slowReads = (store: Store, wait: () => Promise<void>): Partial<Store> => ({
  read: async (...given) => {
    await wait();
    return store.read(...given);
  },
});
const slowAppends = (store: Store, wait: () => Promise<void>): Partial<Store> => ({
  append: async (items) => {
    await wait();
    return store.append(items);
  },
});

describe('what takes long', () => {
  it('I10: a list of channels is answered within 10 s, whatever each part of it takes', async () => {
    const { stage, state } = await setUp((store, wait) => ({ ...slowFacts(store, wait), ...slowHeads(store, wait) }));
    const link = await stage.link('ann');
    state.takes = 7_000;
    const req = link.say('channels', { of: 'mine' });
    assert.ok((await answered(stage, link, req)) <= 10_000);
    assert.equal(link.refusal(req), 'unavailable');
  });

  it('I7: nor does it tell where a channel stands that one has lost meanwhile', async () => {
    const { stage, state } = await setUp(slowHeads);
    const link = await stage.link('ann');
    state.takes = 6_000;
    const req = link.say('channels', { of: 'mine' });
    await stage.clock.pass(100);
    stage.leave('room:a', 'ann');
    stage.append('room:a');
    await answered(stage, link, req);
    assert.deepEqual(link.reply(req)?.['channels'] ?? [], []);
  });

  it('I7: what was read is not given to somebody whose token is in doubt by then', async () => {
    const { stage, state, revoke } = await setUp(slowFacts);
    const link = await stage.link('ann');
    state.takes = 5_000;
    const req = link.say('channels', { of: 'mine' });
    await stage.clock.pass(100);
    state.away = true;
    revoke();
    await answered(stage, link, req);
    assert.equal(link.refusal(req), 'unavailable');
  });

  it('I7: nor, by HTTP, to somebody whose token has been revoked meanwhile', async () => {
    const { stage, state, revoke } = await setUp(slowReads, { mayRead: () => true });
    state.takes = 4_000;
    const page = assert.rejects(stage.node.calls.history('ann', { channel: 'room:a' }), { code: 'unauthorized' });
    await stage.clock.pass(100);
    state.takes = 0;
    state.revoked.add('ann');
    revoke();
    await stage.clock.pass(9_000);
    await page;
  });

  it('I7: what waits to be written is not taken from somebody whose token has been revoked meanwhile', async () => {
    const { stage, state, revoke } = await setUp(slowAppends, { mayRead: () => true });
    const [ben, ann] = [await stage.link('ben'), await stage.link('ann')];
    state.takes = 4_000;
    ben.say('send', { channel: 'room:a', events: [{ id: id(1), kind: 'say', body: 1 }] });
    await stage.clock.pass(50);
    state.takes = 0;
    ann.say('send', { channel: 'room:a', events: [{ id: id(2), kind: 'say', body: 1 }] });
    const byHttp = stage.node.calls.send('ann', { channel: 'room:a', events: [{ id: id(3), kind: 'say', body: 1 }] });
    await stage.clock.pass(50);
    state.revoked.add('ann');
    revoke();
    await stage.clock.pass(9_000);
    assert.equal(ann.closed, 'unauthorized');
    const { results } = await byHttp;
    assert.deepEqual(
      results.map((result) => 'error' in result && result.error.code),
      ['unauthorized'],
    );
    const log = stage.data.channels.get('room:a')?.read({ after: 0 }, 100).entries ?? [];
    assert.deepEqual(
      log.map(({ header }) => header.id).filter((one) => one.startsWith('6')),
      [id(1)],
    );
  });

  it('I6: a retry of what was in bounds once is a duplicate, though it would be out of them now', async () => {
    let nth = 0;
    const concerns = Array.from({ length: 101 }, (_, at) => `user${at}`);
    const stage = await nodeStage({
      mayRead: () => true,
      admit: async () => {
        nth += 1;
        return { ok: true, counts: true, ...(nth > 1 && { concerns }) };
      },
    });
    const link = await stage.link('ann');
    const send = async (number: number) => {
      const req = link.say('send', { channel: 'room:a', events: [{ id: id(number), kind: 'say', body: 1 }] });
      await stage.clock.settle();
      const { results = [] } = (link.reply(req) ?? {}) as { results?: { duplicate?: boolean; error?: { code: string } }[] };
      return results[0];
    };
    await send(1);
    assert.equal((await send(1))?.duplicate, true);
    assert.equal((await send(2))?.error?.code, 'not_stored');
  });

  it('P77: commands that are none count for the pace as well', async () => {
    const { stage } = await setUp(() => ({}));
    const link = await stage.link('ann');
    const reqs = Array.from({ length: 1_200 }, () => link.say('shout', {}));
    assert.deepEqual([link.refusal(reqs[0] ?? 0), link.refusal(reqs.at(-1) ?? 0)], ['unknown_command', 'too_fast']);
  });
});
