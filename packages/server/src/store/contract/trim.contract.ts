/** What a trim takes and what it leaves. */
import assert from 'node:assert/strict';
import { appendSaid, beside, commit, entriesOf, everything, factsOf, item, range, room } from './items.contract.ts';
import { type Rule, rule } from './rule.contract.ts';

export const trimRules: readonly Rule[] = [
  rule('S50', 'events below first are gone, the others, head and n stay', [], async ({ store }) => {
    await commit(store, ...range(10, 1).map((number) => item(number)));
    const before = await entriesOf(store);
    await store.trim(room, 5);
    assert.deepEqual((await store.heads([room])).heads, [{ head: 10, n: 10, first: 5 }]);
    const { first, entries } = await store.read(room, { after: 0 }, 3);
    assert.equal(first, 5);
    assert.deepEqual(entries, before.slice(4, 7));
    assert.deepEqual((await store.read(room, { before: 7 }, 10)).entries, before.slice(4, 6));
    assert.deepEqual((await store.read(room, { before: 5 }, 10)).entries, []);
    assert.deepEqual(await entriesOf(store), before.slice(4));
  }),

  rule('S51', 'first never falls', [], async ({ store }) => {
    await commit(store, ...range(4, 1).map((number) => item(number)));
    await store.trim(room, 3);
    const before = await everything(store);
    for (const first of [3, 2, 1, 0]) await store.trim(room, first);
    assert.deepEqual(await everything(store), before);
  }),

  rule('S52', 'trimmed whole, a channel goes on where it was; beyond the head there is nothing to trim', [], async ({ store }) => {
    await commit(store, item(1), item(2));
    await store.trim(room, 90);
    assert.deepEqual((await store.heads([room])).heads, [{ head: 2, n: 2, first: 3 }]);
    assert.deepEqual(await entriesOf(store), []);
    assert.deepEqual(await appendSaid(store, item(3)), ['committed 3']);
    assert.deepEqual((await store.heads([room])).heads, [{ head: 3, n: 3, first: 3 }]);
    await store.trim('room:none', 5);
    assert.deepEqual((await store.heads(['room:none'])).heads, [{ head: 0, n: 0, first: 1 }]);
  }),

  rule('S53', 'ids stay: a trimmed event is a duplicate with its offset, n and ts, another body a conflict', [], async ({ store }) => {
    const { outcomes } = await commit(store, item(1, { ts: 5 }), item(2, { ts: 7 }), item(3, { ts: 9, empties: [2] }), item(4));
    await store.trim(room, 4);
    const again = await store.append([item(1), item(2), item(3)]);
    assert.deepEqual(
      again.outcomes,
      outcomes.slice(0, 3).map((outcome) => ({ ...outcome, status: 'duplicate' })),
    );
    const guesses = [item(1, { body: '"guess"' }), item(1, { kind: 'note' }), item(2, { body: '"guess"' }), item(1, { probe: true })];
    assert.deepEqual(await appendSaid(store, ...guesses), ['id_conflict', 'id_conflict', 'duplicate 2', 'duplicate 1']);
    assert.deepEqual(await appendSaid(store, item(5)), ['committed 5']);
  }),

  rule('S54', 'facts stay, those that trimmed events have written and those that speak of them', [], async ({ store }) => {
    await commit(store, item(1, { facts: [{ key: 'k', value: '1', about: 'self' }] }), item(2), item(3, { empties: [2] }), item(4));
    const before = await factsOf(store, { channel: room, prefix: '' });
    assert.equal(before.length, 2);
    await store.trim(room, 5);
    assert.deepEqual(await factsOf(store, { channel: room, prefix: '' }), before);
    assert.deepEqual(await appendSaid(store, item(5, { requires: [{ key: 'k', value: '1' }] })), ['committed 5']);
  }),

  rule('S55', 'a long log is trimmed whole before trim answers, while appends go on', [], async ({ store }) => {
    for (const batch of range(3)) await commit(store, ...range(500, 500 * batch).map((number) => item(number)));
    const trim = async (): Promise<void> => {
      await store.trim(room, 1_401);
      assert.equal((await store.heads([room])).heads[0]?.first, 1_401);
    };
    const appends = range(10, 1_500).map((number) => () => appendSaid(store, item(number)));
    assert.deepEqual(
      (await beside(trim, appends)).flat(),
      range(10, 1_501).map((offset) => `committed ${offset}`),
    );
    assert.deepEqual(
      (await entriesOf(store)).map(({ header }) => header.offset),
      range(110, 1_401),
    );
  }),
];
