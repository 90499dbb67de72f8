/** Offsets, counts, times: what an append gives. */
import assert from 'node:assert/strict';
import type { Outcome } from '../store.ts';
import { appendSaid, commit, entriesOf, everything, factsOf, failsWith, idOf, item, outcomesOf, range, room } from './items.contract.ts';
import { type Rule, rule } from './rule.contract.ts';

function tsOf(outcomes: readonly Outcome[]): number[] {
  return outcomes.map((outcome) => (outcome.status === 'committed' || outcome.status === 'duplicate' ? outcome.ts : Number.NaN));
}

export const appendRules: readonly Rule[] = [
  rule('S1', 'offsets are 1, 2, 3, … in each channel, in the order of the items, over all batches', [], async ({ store }) => {
    assert.deepEqual(await appendSaid(store, item(1), item(2, { channel: 'room:b' }), item(3)), [
      'committed 1',
      'committed 1',
      'committed 2',
    ]);
    assert.deepEqual(await appendSaid(store, item(4, { channel: 'room:b' }), item(5)), ['committed 2', 'committed 3']);
    const ids = (await entriesOf(store)).map(({ header }) => [header.offset, header.id]);
    assert.deepEqual(ids, [
      [1, idOf(1)],
      [2, idOf(3)],
      [3, idOf(5)],
    ]);
  }),

  rule('S2', 'what does not count takes an offset and leaves n as it is', [], async ({ store }) => {
    const { outcomes } = await commit(store, item(1), item(2, { counts: false }), item(3, { counts: false }), item(4));
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status === 'committed' && outcome.n),
      [1, 1, 1, 2],
    );
    const { heads } = await store.heads([room]);
    assert.deepEqual(heads, [{ head: 4, n: 2, first: 1 }]);
    assert.deepEqual(
      (await entriesOf(store)).map(({ header }) => header.n),
      [1, 1, 1, 2],
    );
  }),

  rule('S3', 'what is rejected burns no offset, and the others are committed all the same', [], async ({ store }) => {
    const never = { requires: [{ key: 'k', value: '1' }] };
    const answer = await appendSaid(store, item(1), item(2, never), item(3), item(4, { empties: [9] }), item(3, { body: '1' }), item(5));
    assert.deepEqual(answer, ['committed 1', 'requires', 'committed 2', 'bad_empties', 'id_conflict', 'committed 3']);
    assert.deepEqual((await store.heads([room])).heads, [{ head: 3, n: 3, first: 1 }]);
    // The id of what was rejected is free.
    assert.deepEqual(await appendSaid(store, item(2)), ['committed 4']);
  }),

  rule('S4', 'two appends of one handle are applied in the order in which they were called', [], async ({ store }) => {
    const answers = await Promise.all(range(20).map((number) => appendSaid(store, item(number))));
    assert.deepEqual(
      answers.flat(),
      range(20, 1).map((offset) => `committed ${offset}`),
    );
    const ids = (await entriesOf(store)).map(({ header }) => header.id);
    assert.deepEqual(ids, range(20).map(idOf));
  }),

  rule('S5', 'a read that begins after an append was answered sees it', [], async ({ store }) => {
    for (const offset of range(10, 1)) {
      await commit(store, item(offset, { facts: [{ key: 'last', value: String(offset) }] }));
      const [page, { heads }, facts] = await Promise.all([
        store.read(room, { after: 0 }, 512),
        store.heads([room]),
        factsOf(store, { pairs: [{ channel: room, key: 'last' }] }),
      ]);
      assert.equal(page.entries.at(-1)?.header.offset, offset);
      assert.equal(heads[0]?.head, offset);
      assert.equal(facts[0]?.value, String(offset));
    }
  }),

  rule('S6', 'ts never falls within a channel; a time that was given is raised to the last', [], async ({ store }) => {
    const future = 9_000_000_000_000;
    const [first = Number.NaN] = tsOf(await outcomesOf(store, item(1)));
    assert.ok(Number.isSafeInteger(first), 'the store has a clock of its own');
    const batch = [item(2, { ts: future }), item(3, { ts: 17 }), item(4), item(5, { ts: future + 5 })];
    const given = tsOf(await outcomesOf(store, ...batch));
    assert.deepEqual(given, [future, future, future, future + 5]);
    // The store's own clock is behind by now, and so is a batch of its own.
    assert.deepEqual(tsOf(await outcomesOf(store, item(6), item(7, { ts: future }))), [future + 5, future + 5]);
    assert.deepEqual(
      (await entriesOf(store)).map(({ header }) => header.ts),
      [first, ...given, future + 5, future + 5],
    );
    const [elsewhere = Number.NaN] = tsOf(await outcomesOf(store, item(8, { channel: 'room:b', ts: 17 })));
    assert.equal(elsewhere, 17, 'another channel has its own last');
  }),

  rule('S7', 'an item that cannot be stored fails its batch, nothing written, and alone once it is alone', ['poison'], async (ground) => {
    const { store } = ground;
    await commit(store, item(1));
    const before = await everything(store);
    const batch = [item(2), ground.poison(item(3)), item(4)];
    await failsWith('poison', store.append(batch));
    assert.deepEqual(await everything(store), before);
    // As the caller does: halved until the one is alone.
    const [good, bad, last] = batch;
    assert.ok(good && bad && last);
    await commit(store, good);
    await failsWith('poison', store.append([bad]));
    assert.deepEqual(await appendSaid(store, last), ['committed 3']);
  }),

  rule('S8', 'a channel that nobody has written to exists: head 0, n 0, first 1, no events, no facts', [], async ({ store }) => {
    assert.deepEqual((await store.heads(['room:none'])).heads, [{ head: 0, n: 0, first: 1 }]);
    const { head, n, first, entries } = await store.read('room:none', { after: 0 }, 10);
    assert.deepEqual({ head, n, first, entries }, { head: 0, n: 0, first: 1, entries: [] });
    assert.deepEqual((await store.read('room:none', { before: 10 }, 10)).entries, []);
    assert.deepEqual(await factsOf(store, { channel: 'room:none', prefix: '' }), []);
    // Asking has made nothing of it.
    assert.deepEqual(await appendSaid(store, item(1, { channel: 'room:none' })), ['committed 1']);
  }),
];
