/** A database that has lost what it acknowledged. */
import assert from 'node:assert/strict';
import type { Store } from '../store.ts';
import { appendSaid, commit, everything, failsWith, item, range, room } from './items.contract.ts';
import { renew } from './renew.contract.ts';
import { type Ability, type Rule, rule } from './rule.contract.ts';

/** Each call that could notice, on each its own handle: noticing must not be what only the first call does. */
async function assertNoticed(store: Store): Promise<void> {
  await failsWith('rolled_back', store.append([item(90)]));
  await failsWith('rolled_back', store.read(room, { after: 0 }, 10));
  await failsWith('rolled_back', store.heads([room]));
  await failsWith('rolled_back', store.moved(undefined, 10));
  await failsWith('rolled_back', store.facts({ channel: room, prefix: '' }, 10));
  await failsWith('rolled_back', store.trim(room, 2));
  await failsWith('rolled_back', store.append([item(90)]));
}

const rollback: readonly Ability[] = ['another', 'snapshot'];

export const rollbackRules: readonly Rule[] = [
  rule('S90', 'a rollback is noticed before anything is written, and on every read', rollback, async ({ store, another, snapshot }) => {
    await commit(store, item(1), item(2));
    const restore = await snapshot();
    const before = await everything(store);
    await commit(store, item(3));
    await restore();
    await assertNoticed(store);
    // A handle that has seen nothing of it can look.
    assert.deepEqual(await everything(await another()), before);
  }),

  rule('S91', 'also by who has only read what is gone', rollback, async ({ store, another, snapshot }) => {
    await commit(store, item(1), item(2));
    const [reader, looker] = [await another(), await another()];
    const restore = await snapshot();
    await commit(store, item(3));
    await reader.read(room, { after: 2 }, 10);
    await looker.moved(undefined, 10);
    await restore();
    await assertNoticed(reader);
    await assertNoticed(looker);
  }),

  rule('S92', 'also when an older epoch came back, which must not go on', rollback, async ({ store, another, snapshot }) => {
    const { epoch } = await commit(store, item(1), item(2));
    const restore = await snapshot();
    const before = await everything(store);
    const renewed = await renew(store, epoch);
    await restore();
    await assertNoticed(store);
    assert.deepEqual(await everything(await another()), before);
    const next = await renew(store, renewed.epoch);
    assert.ok(next.epoch !== epoch && next.epoch !== renewed.epoch, 'neither history goes on');
    assert.deepEqual(await appendSaid(store, item(3)), ['committed 3']);
  }),

  rule('S93', 'of all that notice a rollback one renews; the marks go on above what anybody has seen', rollback, async (ground) => {
    const { store, another, snapshot } = ground;
    const { epoch } = await commit(store, item(1));
    const restore = await snapshot();
    const stores = [store, await another(), await another()];
    for (const [at, handle] of stores.entries()) await commit(handle, item(2 + at));
    const behind = await another();
    for (const number of range(5, 10)) await commit(store, item(number));
    await restore();
    const pairs = await Promise.all(stores.map((handle) => renew(handle, epoch)));
    assert.equal(new Set(pairs.map((pair) => pair.epoch)).size, 1);
    assert.notEqual(pairs[0]?.epoch, epoch);
    for (const handle of stores) await handle.heads([room]);
    assert.deepEqual(await appendSaid(store, item(1), item(2)), ['duplicate 1', 'committed 2']);
    await failsWith('new_epoch', behind.append([item(3)]));
    assert.deepEqual(await appendSaid(behind, item(3)), ['committed 3']);
  }),

  rule(
    'S94',
    'a later mark heard of its own epoch is a rollback, until a new history begins above it',
    ['later'],
    async ({ store, later }) => {
      const { epoch, mark } = await commit(store, item(1), item(2));
      const before = await everything(store);
      store.powers.renewable?.heard({ epoch, mark: later(mark) });
      await assertNoticed(store);
      const renewed = await renew(store, epoch);
      assert.notEqual(renewed.epoch, epoch);
      assert.deepEqual(await everything(store), before);
      // Above it: else it would still be one for whoever has heard of it under the new name.
      store.powers.renewable?.heard({ epoch: renewed.epoch, mark: later(mark) });
      assert.deepEqual(await appendSaid(store, item(3)), ['committed 3']);
    },
  ),

  rule('S95', 'a mark of another epoch, an old one, and what is none say nothing', ['later'], async ({ store, later }) => {
    const first = await commit(store, item(1));
    const { epoch, mark } = await commit(store, item(2));
    const { renewable } = store.powers;
    assert.ok(renewable);
    for (const pair of [
      first,
      { epoch, mark },
      { epoch: 'another', mark: later(mark) },
      { epoch, mark: 'nonsense' },
      { epoch, mark: '' },
    ]) {
      renewable.heard(pair);
      assert.deepEqual(await store.heads([]), { epoch, mark, heads: [] });
    }
    assert.deepEqual(await appendSaid(store, item(3)), ['committed 3']);
  }),
];
