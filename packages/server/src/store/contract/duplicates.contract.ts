/** Ids: what is sent again is in once. */
import assert from 'node:assert/strict';
import type { Outcome, Store } from '../store.ts';
import { appendSaid, commit, dice, entriesOf, everything, idOf, item, outcomesOf, range, room, said, turns } from './items.contract.ts';
import { type Rule, rule } from './rule.contract.ts';

/** Eight senders, each with the same ids in an order of its own, a few at a time. All answers of all of them, by id. */
async function sendAll(stores: readonly Store[], numbers: readonly number[]): Promise<Map<string, string[]>> {
  const answers = new Map<string, string[]>(numbers.map((number) => [idOf(number), []]));
  const sender = async (at: number): Promise<void> => {
    const store = stores[at % stores.length];
    assert.ok(store);
    const roll = dice(at + 1);
    const left = [...numbers];
    while (left.length > 0) {
      const batch = range(1 + roll(4)).flatMap(() => left.splice(roll(left.length), 1));
      await turns(roll(3));
      const outcomes = await outcomesOf(store, ...batch.map((number) => item(number)));
      for (const [place, number] of batch.entries()) answers.get(idOf(number))?.push(said(outcomes[place] as Outcome));
    }
  };
  await Promise.all(range(8).map(sender));
  return answers;
}

/** Every id was committed once, and all who sent it were told the one offset, which the log has. */
async function assertOnce(store: Store, answers: ReadonlyMap<string, readonly string[]>): Promise<void> {
  const entries = await entriesOf(store);
  assert.equal(entries.length, answers.size);
  for (const { header } of entries) {
    const { offset } = header;
    const told = answers.get(header.id)?.toSorted();
    assert.deepEqual(told, [`committed ${offset}`, ...range(7).map(() => `duplicate ${offset}`)]);
  }
}

export const duplicateRules: readonly Rule[] = [
  rule('S10', 'an id that comes twice in one batch is a duplicate with the first offset, and burns none', [], async ({ store }) => {
    const outcomes = await outcomesOf(store, item(1), item(2), item(1), item(3));
    assert.deepEqual(outcomes.map(said), ['committed 1', 'committed 2', 'duplicate 1', 'committed 3']);
    assert.equal((await entriesOf(store)).length, 3);
  }),

  rule('S11', 'an id from an earlier batch is a duplicate with its old offset, n and ts', [], async ({ store }) => {
    const [first] = await outcomesOf(store, item(1, { ts: 5 }), item(2, { ts: 9 }));
    const [again, other] = await outcomesOf(store, item(1), item(3));
    assert.deepEqual(again, { ...first, status: 'duplicate' });
    assert.ok(other);
    assert.equal(said(other), 'committed 3');
    // What a retry says besides kind and body changes nothing.
    assert.deepEqual(await outcomesOf(store, item(1, { ts: 70, counts: false, concerns: ['bob'], empties: [40] })), [again]);
    assert.equal((await entriesOf(store)).length, 3);
  }),

  rule('S12', 'an id that several send at once is committed once, and all are told the same offset', [], async ({ store }) => {
    await assertOnce(store, await sendAll([store], range(60)));
  }),

  rule('S13', 'the same id over several handles at once is committed once', ['another'], async ({ store, another }) => {
    const stores = [store, await another(), await another(), await another()];
    await assertOnce(store, await sendAll(stores, range(60)));
  }),

  rule('S14', 'the same id with another body or kind is id_conflict, and writes nothing', [], async ({ store }) => {
    await commit(store, item(1));
    const before = await everything(store);
    const other = { body: '{"text":"event  1"}' };
    assert.deepEqual(await appendSaid(store, item(1, other), item(1, { kind: 'note' }), item(1)), [
      'id_conflict',
      'id_conflict',
      'duplicate 1',
    ]);
    assert.deepEqual(await everything(store), before);
    // Within one batch too.
    assert.deepEqual(await appendSaid(store, item(2), item(2, other)), ['committed 2', 'id_conflict']);
  }),

  rule('S15', 'once an event is emptied, any body and kind is a duplicate of it', [], async ({ store }) => {
    await commit(store, item(1), item(2), item(3, { empties: [1] }));
    const guesses = [item(1), item(1, { body: '"guess"' }), item(1, { kind: 'note' }), item(2, { body: '"guess"' })];
    assert.deepEqual(await appendSaid(store, ...guesses), ['duplicate 1', 'duplicate 1', 'duplicate 1', 'id_conflict']);
  }),

  rule('S16', 'an id is one of its channel and its sender', [], async ({ store }) => {
    const others = [item(1, { from: 'bob' }), item(1, { channel: 'room:b' }), item(1, { from: 'alic', body: '"x"' })];
    assert.deepEqual(await appendSaid(store, item(1), ...others, item(1)), [
      'committed 1',
      'committed 2',
      'committed 1',
      'committed 3',
      'duplicate 1',
    ]);
  }),

  rule('S17', 'a join that is sent again is a duplicate, although its own commit has changed what it requires', [], async ({ store }) => {
    const join = item(1, { requires: [{ key: 'member:alice', value: null }], facts: [{ key: 'member:alice', value: 'true' }] });
    assert.deepEqual(await appendSaid(store, join, join), ['committed 1', 'duplicate 1']);
    assert.deepEqual(await appendSaid(store, join, { ...join, id: idOf(2) }), ['duplicate 1', 'requires']);
  }),

  rule(
    'S18',
    'a probe tells duplicate, absent or id_conflict, before anything else is asked, and writes nothing',
    [],
    async ({ store }) => {
      await commit(store, item(1));
      const before = await everything(store);
      const { until } = await store.moved(undefined, 10);
      const probe = {
        probe: true,
        requires: [{ key: 'k', value: '1' }],
        empties: [90],
        facts: [{ key: 'p', value: '1' }],
        concerns: ['*'],
      };
      const probes = [item(1, probe), item(2, probe), item(1, { ...probe, body: '1' }), item(2, probe)];
      assert.deepEqual(await appendSaid(store, ...probes), ['duplicate 1', 'absent', 'id_conflict', 'absent']);
      assert.deepEqual(await appendSaid(store, item(2, { probe: true, channel: 'room:b' })), ['absent']);
      assert.deepEqual(await everything(store), before);
      assert.deepEqual((await store.heads(['room:b'])).heads, [{ head: 0, n: 0, first: 1 }]);
      const { heads, concerns } = await store.moved(until, 10);
      assert.deepEqual({ heads, concerns }, { heads: [], concerns: [] });
      // Its id is as free as it was; a probe sees what its own batch has brought.
      assert.deepEqual(await appendSaid(store, item(2), item(2, { probe: true })), ['committed 2', 'duplicate 2']);
      assert.equal((await store.heads([room])).heads[0]?.head, 2);
    },
  ),
];
