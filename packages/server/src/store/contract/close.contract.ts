/** The end of a handle, what outlives it, and whether all is well. */
import assert from 'node:assert/strict';
import type { Item, Store } from '../store.ts';
import { appendSaid, beside, commit, dice, everything, factsOf, failsWith, item, outcomesOf, range, room, said } from './items.contract.ts';
import { renew } from './renew.contract.ts';
import { type Rule, rule } from './rule.contract.ts';

/** Items of every sort, in five channels, as a seed has it. */
function chance(seed: number, count: number): Item[] {
  const roll = dice(seed);
  return range(count).map((): Item => {
    const number = roll(count);
    const key = `k${roll(6)}`;
    return item(number, {
      channel: `room:${number % 5}`,
      counts: number % 3 !== 0,
      ...(roll(4) === 0 && { facts: [{ key, value: roll(3) === 0 ? null : `"${number}"`, about: 'self' }] }),
      ...(roll(5) === 0 && { requires: [{ key, value: null }] }),
      ...(roll(6) === 0 && { empties: [roll(30)] }),
      ...(roll(6) === 0 && { concerns: ['bob'] }),
      ...(roll(8) === 0 && { probe: true }),
      ...(roll(4) === 0 && { follows: true }),
    });
  });
}

/** Whatever was rejected, skipped or emptied on the way: all that the log says of itself goes together. */
async function mix(store: Store, seed: number): Promise<Map<string, number>> {
  const met = new Map<string, number>();
  const items = chance(seed, 400);
  const roll = dice(seed);
  for (let at = 0; at < items.length; ) {
    const batch = items.slice(at, at + 1 + roll(12));
    at += batch.length;
    for (const outcome of await outcomesOf(store, ...batch)) {
      const word = said(outcome).replace(/ \d+$/, '');
      met.set(word, 1 + (met.get(word) ?? 0));
    }
    if (roll(8) === 0) await store.trim(`room:${roll(5)}`, roll(12));
  }
  return met;
}

const words = ['committed', 'duplicate', 'absent', 'requires', 'skipped', 'bad_empties'];

export const closeRules: readonly Rule[] = [
  rule('S100', 'after close everything throws unavailable; closing again does nothing', [], async ({ store }) => {
    const { epoch } = await commit(store, item(1));
    await store.close();
    await failsWith('unavailable', store.append([item(2)]));
    await failsWith('unavailable', store.read(room, { after: 0 }, 10));
    await failsWith('unavailable', store.heads([room]));
    await failsWith('unavailable', store.moved(undefined, 10));
    await failsWith('unavailable', store.facts({ channel: room, prefix: '' }, 10));
    await failsWith('unavailable', store.trim(room, 2));
    await failsWith('unavailable', renew(store, epoch));
    const { checkable } = store.powers;
    if (checkable) await failsWith('unavailable', checkable.check(assert.fail));
    await Promise.all([store.close(), store.close()]);
  }),

  rule('S101', 'what was asked before close is answered, and is there when the database is opened again', ['reopen'], async (ground) => {
    const { store, reopen } = ground;
    await commit(store, item(1, { facts: [{ key: 'k', value: '1' }] }), item(2), item(3, { empties: [2] }));
    await store.trim(room, 2);
    const appends = range(5, 4).map((number) => () => appendSaid(store, item(number)));
    assert.deepEqual(
      (await beside(() => store.close(), appends)).flat(),
      range(5, 4).map((offset) => `committed ${offset}`),
    );
    const again = await reopen();
    assert.deepEqual((await again.heads([room])).heads, [{ head: 8, n: 8, first: 2 }]);
    assert.deepEqual(await appendSaid(again, item(1), item(2), item(8), item(9)), [
      'duplicate 1',
      'duplicate 2',
      'duplicate 8',
      'committed 9',
    ]);
  }),

  rule(
    'S102',
    'opened again, it is the same: cluster, epoch, mark, events, facts, and where a look goes on',
    ['reopen'],
    async (ground) => {
      const { store, reopen } = ground;
      await mix(store, 102);
      const states = await Promise.all(range(5).map((number) => everything(store, `room:${number}`)));
      const { until } = await store.moved(undefined, 10);
      const pair = await store.heads([]);
      const again = await reopen();
      assert.equal(again.cluster, store.cluster);
      assert.deepEqual(await again.heads([]), pair);
      assert.deepEqual(await Promise.all(range(5).map((number) => everything(again, `room:${number}`))), states);
      assert.deepEqual((await again.moved(until, 10)).purged, false);
      await failsWith('unavailable', store.heads([]));
    },
  ),

  rule('S103', 'check reads all of it and finds nothing wrong, whatever has been done', [], async ({ store }) => {
    const { checkable } = store.powers;
    assert.ok(checkable, 'a store that can be checked');
    const met = await mix(store, 103);
    for (const word of words) assert.ok((met.get(word) ?? 0) > 0, `${word} came about`);
    const { heads, epoch } = await store.heads(range(5).map((number) => `room:${number}`));
    const facts = await factsOf(store, { with: '' });
    const problems: string[] = [];
    const check = () => checkable.check((problem) => problems.push(problem));
    const read = await check();
    await renew(store, epoch);
    assert.deepEqual(await check(), read);
    assert.deepEqual(problems, []);
    const events = heads.reduce((sum, { head }) => sum + head, 0);
    assert.deepEqual(read, { channels: 5, events, facts: facts.length });
    assert.equal(met.get('committed'), events);
  }),
];
