/** Bodies that are taken away. */
import assert from 'node:assert/strict';
import { appendSaid, commit, entriesOf, everything, factsOf, item, room } from './items.contract.ts';
import { type Rule, rule } from './rule.contract.ts';

export const emptyRules: readonly Rule[] = [
  rule('S30', 'an emptied event keeps its header and names the event that emptied it', [], async ({ store }) => {
    await commit(store, item(1, { concerns: ['bob'] }), item(2), item(3));
    const before = await entriesOf(store);
    // Of the same batch too.
    await commit(store, item(4), item(5, { kind: 'delete', empties: [1, 3, 4] }));
    const after = await entriesOf(store);
    assert.deepEqual(
      after.map(({ body, emptied }) => [body, emptied]),
      [
        [null, 5],
        [item(2).body, undefined],
        [null, 5],
        [null, 5],
        [item(5).body, undefined],
      ],
    );
    assert.deepEqual(
      after.slice(0, 3).map(({ header }) => header),
      before.map(({ header }) => header),
    );
    assert.deepEqual(after.at(-1)?.header.empties, [1, 3, 4]);
    assert.deepEqual((await store.heads([room])).heads, [{ head: 5, n: 5, first: 1 }]);
  }),

  rule('S31', 'with each body that goes comes the fact empty:OFFSET', [], async ({ store }) => {
    await commit(store, item(1), item(2), item(3, { empties: [2, 1], facts: [{ key: 'other', value: '1' }] }));
    const facts = await factsOf(store, { channel: room, prefix: 'empty:' });
    assert.deepEqual(facts, [
      { channel: room, key: 'empty:1', value: 'true', offset: 3, about: 1 },
      { channel: room, key: 'empty:2', value: 'true', offset: 3, about: 2 },
    ]);
    assert.deepEqual(await factsOf(store, { channel: room, about: [2, 2] }), [facts[1]]);
  }),

  rule('S32', 'bad_empties: 0, its own offset, above the head, trimmed, no whole number; nothing is written', [], async ({ store }) => {
    await commit(store, item(1), item(2), item(3), item(4));
    await store.trim(room, 3);
    const before = await everything(store);
    for (const offset of [0, -1, 5, 6, 1_000, 1, 2, 3.5]) {
      assert.deepEqual(await appendSaid(store, item(10, { empties: [3, offset] })), ['bad_empties'], `empties ${offset}`);
    }
    assert.deepEqual(await appendSaid(store, item(10, { channel: 'room:b', empties: [1] })), ['bad_empties'], 'of another channel');
    assert.deepEqual(await everything(store), before);
    assert.deepEqual(await appendSaid(store, item(10, { empties: [3, 4] })), ['committed 5']);
  }),

  rule('S33', 'to empty what is empty already is fine: entry and fact go on naming the first that did it', [], async ({ store }) => {
    await commit(store, item(1), item(2, { empties: [1] }));
    assert.deepEqual(await appendSaid(store, item(3, { empties: [1] }), item(4, { empties: [1, 2, 2] })), ['committed 3', 'committed 4']);
    assert.deepEqual(
      (await entriesOf(store)).map(({ emptied }) => emptied),
      [2, 4, undefined, undefined],
    );
    const facts = await factsOf(store, { channel: room, prefix: 'empty:' });
    assert.deepEqual(
      facts.map(({ key, offset }) => [key, offset]),
      [
        ['empty:1', 2],
        ['empty:2', 4],
      ],
    );
  }),
];
