import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryData } from '../store/memory/data.ts';
import { openMemory } from '../store/memory/memory.ts';
import type { Heads, Pair, Store } from '../store/store.ts';
import { StoreError } from '../store/store.ts';
import { Clock } from './clock.fixture.ts';
import { History } from './history.ts';

/** A store whose every answer is given by hand. */
function stage() {
  const clock = new Clock();
  const asked: PromiseWithResolvers<Heads>[] = [];
  const renewals: string[] = [];
  const heard: Pair[] = [];
  const store: Store = {
    ...openMemory(createMemoryData({ now: () => 1, random: () => 0.3 })),
    powers: {
      renewable: {
        renew: async (from) => {
          renewals.push(from);
          return { epoch: `after-${from}`, mark: '9' };
        },
        heard: (pair) => void heard.push(pair),
      },
    },
    heads: () => {
      const answer = Promise.withResolvers<Heads>();
      asked.push(answer);
      return answer.promise;
    },
  };
  let news = 0;
  const history = new History(clock.env, store, () => {
    news += 1;
  });
  const ask = (): Promise<Heads> => history.ask((one) => one.heads([]));
  const answer = (epoch: string) => asked.shift()?.resolve({ epoch, mark: '1', heads: [] });
  const refuse = () => asked.shift()?.reject(new StoreError('rolled_back', 'gone'));
  return { clock, history, ask, answer, refuse, renewals, heard, asked, news: () => news };
}

/** Lives in `epoch`. */
async function settled(epoch: string) {
  const one = stage();
  const first = one.ask();
  one.answer(epoch);
  await first;
  return one;
}

describe('history', () => {
  it('the first epoch is no news, another one is', async () => {
    const { history, ask, answer, news } = await settled('a');
    assert.deepEqual([history.epoch, news()], ['a', 0]);
    const second = ask();
    answer('b');
    await second;
    assert.deepEqual([history.epoch, news()], ['b', 1]);
  });

  it('I11 an answer that set out before the change and comes after it is not believed', async () => {
    const { clock, history, ask, asked, news } = await settled('a');
    const [early, late] = [ask(), ask()];
    asked[1]?.resolve({ epoch: 'b', mark: '2', heads: [] });
    await late;
    asked[0]?.resolve({ epoch: 'a', mark: '1', heads: [] });
    await assert.rejects(early, { code: 'unavailable' });
    assert.deepEqual([history.epoch, news(), clock.counts.get('answer_late')], ['b', 1, 1]);
  });

  it('I13 one rollback is renewed once, however many answers tell of it, and however late', async () => {
    const { history, ask, asked, renewals, news } = await settled('a');
    const all = [ask(), ask(), ask()];
    const failed = all.map((one) => assert.rejects(one, { code: 'rolled_back' }));
    asked[0]?.reject(new StoreError('rolled_back', 'gone'));
    asked[1]?.reject(new StoreError('rolled_back', 'gone'));
    await Promise.all([failed[0], failed[1]]);
    assert.equal(history.epoch, 'after-a');
    asked[2]?.reject(new StoreError('rolled_back', 'gone'));
    await failed[2];
    assert.deepEqual([renewals, history.epoch, news()], [['a'], 'after-a', 1]);
  });

  it('I5 a bell of another epoch is not believed; the store is asked, at most once a second', async () => {
    const { clock, history, asked, heard } = await settled('a');
    assert.equal(history.heard({ epoch: 'a', mark: '5' }), true);
    assert.deepEqual(heard, [{ epoch: 'a', mark: '5' }]);
    for (let bell = 0; bell < 5; bell++) assert.equal(history.heard({ epoch: 'x', mark: '6' }), false);
    assert.equal(asked.length, 1);
    await clock.pass(1_000);
    history.heard({ epoch: 'x', mark: '6' });
    assert.deepEqual([asked.length, history.epoch, heard.length], [2, 'a', 1]);
  });
});
