/** What an item asks of the facts before it goes in, and what goes in with it. */
import assert from 'node:assert/strict';
import type { Item, Requirement } from '../store.ts';
import { appendSaid, beside, commit, entriesOf, everything, factsOf, item, range, room, turn } from './items.contract.ts';
import { type Rule, rule } from './rule.contract.ts';

const needs = (...requires: Requirement[]): Partial<Item> => ({ requires });
const writes = (key: string, value: string | null): Partial<Item> => ({ facts: [{ key, value }] });

export const requireRules: readonly Rule[] = [
  rule('S20', 'required null is absent or removed; a required value is compared as text', [], async ({ store }) => {
    const ask = (number: number, value: string | null, key = 'k'): Item => item(number, needs({ key, value }));
    assert.deepEqual(await appendSaid(store, ask(1, '1'), ask(2, 'null'), ask(3, null)), ['requires', 'requires', 'committed 1']);
    await commit(store, item(4, writes('k', '{"a":1}')), item(5, { ...writes('k', '2'), channel: 'room:b' }));
    const texts = ['{"a": 1}', '{"a":1.0}', '', null, '2', '{"a":1}'];
    assert.deepEqual(await appendSaid(store, ...texts.map((value, at) => ask(10 + at, value))), [
      ...range(5).map(() => 'requires'),
      'committed 3',
    ]);
    await commit(store, item(20, writes('k', null)));
    assert.deepEqual(await appendSaid(store, ask(21, '{"a":1}'), ask(22, null), ask(23, null, 'K')), [
      'requires',
      'committed 5',
      'committed 6',
    ]);
    await commit(store, item(24, writes('k', '{"a":1}')));
    // All of them have to hold.
    const both = needs({ key: 'k', value: '{"a":1}' }, { key: 'other', value: '1' });
    assert.deepEqual(await appendSaid(store, item(30, both)), ['requires']);
  }),

  rule('S21', 'an item sees the facts and the events of those before it in its batch', [], async ({ store }) => {
    const batch = [
      item(1, needs({ key: 'k', value: '1' })),
      item(2, writes('k', '1')),
      item(3, { ...needs({ key: 'k', value: '1' }), ...writes('k', '2') }),
      item(4, needs({ key: 'k', value: '1' })),
      item(5, { ...needs({ key: 'k', value: '2' }), empties: [1] }),
      item(6, needs({ key: 'empty:1', value: 'true' })),
      // Facts of what was rejected were never there.
      item(7, { ...needs({ key: 'k', value: '9' }), ...writes('x', '1') }),
      item(8, needs({ key: 'x', value: null })),
    ];
    assert.deepEqual(await appendSaid(store, ...batch), [
      'requires',
      'committed 1',
      'committed 2',
      'requires',
      'committed 3',
      'committed 4',
      'requires',
      'committed 5',
    ]);
  }),

  rule(
    'S22',
    'what follows one that was refused by requires is skipped, to the end of the chain, in its channel',
    [],
    async ({ store }) => {
      const never = needs({ key: 'k', value: '1' });
      const follows = { follows: true };
      const batch = [
        item(1, follows),
        item(2, never),
        item(3, { ...follows, channel: 'room:b' }),
        item(4, follows),
        item(5, follows),
        item(6),
        item(7, follows),
      ];
      assert.deepEqual(await appendSaid(store, ...batch), [
        'committed 1',
        'requires',
        'committed 1',
        'skipped',
        'skipped',
        'committed 2',
        'committed 3',
      ]);
      // Another refusal, a duplicate or an earlier call is none of its business.
      assert.deepEqual(await appendSaid(store, item(8, never)), ['requires']);
      const others = [item(9, { empties: [90] }), item(10, follows), item(1, { body: '1' }), item(11, follows), item(1), item(12, follows)];
      assert.deepEqual(await appendSaid(store, item(13, follows), ...others), [
        'committed 4',
        'bad_empties',
        'committed 5',
        'id_conflict',
        'committed 6',
        'duplicate 1',
        'committed 7',
      ]);
    },
  ),

  rule('S23', 'the order of the questions: follows, id, probe, requires, empties', [], async ({ store }) => {
    await commit(store, item(1));
    const never = needs({ key: 'k', value: '1' });
    const bad = { empties: [90] };
    const batch = [
      item(2, { ...never, ...bad }),
      item(1, { follows: true }),
      item(1, { ...never, ...bad }),
      item(1, { ...never, body: '1' }),
      item(3, { ...never, ...bad, probe: true }),
    ];
    assert.deepEqual(await appendSaid(store, ...batch), ['requires', 'skipped', 'duplicate 1', 'id_conflict', 'absent']);
  }),

  rule('S24', 'what is rejected leaves no trace: no fact, no emptied body, no concern, no move', [], async ({ store }) => {
    await commit(store, item(1, writes('k', '1')));
    const before = await everything(store);
    const { until } = await store.moved(undefined, 10);
    const more: Partial<Item> = { facts: [{ key: 'k', value: '9' }], concerns: ['bob'] };
    const batch = [
      item(2, { ...more, ...needs({ key: 'k', value: '2' }), empties: [1] }),
      item(3, { ...more, empties: [1], follows: true }),
      item(1, { ...more, body: '1', empties: [1] }),
      item(1, { ...more, empties: [1] }),
      item(4, { ...more, empties: [1, 90] }),
    ];
    assert.deepEqual(await appendSaid(store, ...batch), ['requires', 'skipped', 'id_conflict', 'duplicate 1', 'bad_empties']);
    assert.deepEqual(await everything(store), before);
    const { heads, concerns, more: further } = await store.moved(until, 10);
    assert.deepEqual({ heads, concerns, further }, { heads: [], concerns: [], further: false });
  }),

  rule('S25', 'whoever looks while it is appended sees an event with its facts and emptied bodies or not at all', [], async ({ store }) => {
    const write = async (): Promise<void> => {
      for (const number of range(40)) {
        await commit(store, item(2 * number), item(2 * number + 1, { ...writes('last', String(number)), empties: [2 * number + 1] }));
        await turn();
      }
    };
    const look = async (ended: () => boolean): Promise<void> => {
      while (!ended()) {
        const before = (await store.heads([room])).heads[0]?.head ?? 0;
        const [fact] = await factsOf(store, { pairs: [{ channel: room, key: 'last' }] });
        const { head, entries } = await store.read(room, { after: Math.max(0, before - 4) }, 512);
        assert.equal(before % 2, 0, 'a batch is one commit');
        assert.ok((fact?.offset ?? 0) >= before && (fact?.offset ?? 0) <= head, `head ${before}, fact of ${fact?.offset}, head ${head}`);
        for (const { header, body } of entries) assert.equal(body === null, header.offset % 2 === 1, `body of ${header.offset}`);
        await turn();
      }
    };
    await beside(write, [look, look]);
    assert.equal((await entriesOf(store)).length, 80);
  }),
];
