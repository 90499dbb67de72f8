/** Facts: what is written, and every way to ask for it. */
import assert from 'node:assert/strict';
import type { Fact, FactQuery, FactWrite, Store } from '../store.ts';
import { commit, factsOf, item, range, room } from './items.contract.ts';
import { type Rule, rule } from './rule.contract.ts';

/** In the order of code points, which is not that of UTF-16: the fullwidth letter stands below the clef. */
const keys = ['%', '*', 'A', 'Z', '_', 'a', 'a%', 'a*', 'a:', 'a:1', 'a:10', 'a:2', 'aa', 'b', 'é', '\uff21', '\u{1d11e}', '\u{1d11e}a'];

const keysOf = (facts: readonly Fact[]): string[] => facts.map(({ key }) => key);

/** Two channels with all keys, written in another order than they are asked for; each third one removed again. */
async function writeKeys(store: Store): Promise<void> {
  const shuffled = keys.toSorted((a, b) => a.length - b.length || (a < b ? 1 : -1));
  for (const [place, channel] of ['room:\u{1d11e}', room, 'room:\uff21'].entries()) {
    const facts = (key: string): FactWrite[] => [{ key, value: JSON.stringify(`${channel} ${key}`), about: 'self' }];
    await commit(store, ...shuffled.map((key, at) => item(100 * place + at, { channel, facts: facts(key) })));
    const removed = keys.filter((_, at) => at % 3 === 0).map((key) => ({ key, value: null }));
    await commit(store, item(100 * place + 90, { channel, facts: removed }));
  }
}

/** All pages of a query. */
async function pages(store: Store, query: FactQuery, limit: number, between?: () => Promise<void>): Promise<Fact[]> {
  const all: Fact[] = [];
  let from: string | undefined;
  for (const _ of range(1_000)) {
    const page: { facts: readonly Fact[]; next?: string } = await store.facts(query, limit, from);
    assert.ok(page.facts.length <= limit, 'never more than asked for');
    if (page.next !== undefined) assert.equal(page.facts.length, limit, 'a page with another after it is full');
    all.push(...page.facts);
    if (page.next === undefined) return all;
    from = page.next;
    await between?.();
  }
  return assert.fail('pages without end');
}

const queries: readonly FactQuery[] = [
  { channel: room, prefix: '' },
  { channel: room, prefix: 'a' },
  { channel: room, after: 5 },
  { channel: room, about: [3, 16] },
  { pairs: [...keys, 'none', ...keys].map((key) => ({ channel: room, key })) },
  { with: '' },
  { with: '\u{1d11e}' },
];

export const factRules: readonly Rule[] = [
  rule('S60', 'a fact names its channel, its writer and what it speaks of; written again it is the new one whole', [], async (ground) => {
    const { store } = ground;
    const write = (number: number, ...facts: FactWrite[]) => commit(store, item(number, { facts }));
    await write(1, { key: 'a', value: '1' }, { key: 'b', value: '{"x":[1, 2]}', about: 'self' }, { key: 'c', value: '"ä"', about: 1 });
    await write(2, { key: 'b', value: '"second and longer than the first was"', about: 1 }, { key: 'c', value: null });
    await write(3, { key: 'a', value: null, about: 'self' }, { key: 'd', value: 'null', about: 2 });
    assert.deepEqual(await factsOf(store, { channel: room, prefix: '' }), [
      { channel: room, key: 'a', value: null, offset: 3, about: 3 },
      { channel: room, key: 'b', value: '"second and longer than the first was"', offset: 2, about: 1 },
      { channel: room, key: 'c', value: null, offset: 2 },
      { channel: room, key: 'd', value: 'null', offset: 3, about: 2 },
    ]);
    await write(4, { key: 'a', value: '4' });
    assert.deepEqual(await factsOf(store, { channel: room, prefix: 'a' }), [{ channel: room, key: 'a', value: '4', offset: 4 }]);
  }),

  rule(
    'S61',
    'prefix: the facts of one channel whose key begins so, by key in the order of code points, removed ones too',
    [],
    async ({ store }) => {
      await writeKeys(store);
      assert.deepEqual(keysOf(await factsOf(store, { channel: room, prefix: '' })), keys);
      for (const prefix of ['a', 'a:', 'a:1', '%', '_', '*', 'a%', '\uff21', '\u{1d11e}', 'none']) {
        const facts = await factsOf(store, { channel: room, prefix });
        assert.deepEqual(
          keysOf(facts),
          keys.filter((key) => key.startsWith(prefix)),
          `prefix ${prefix}`,
        );
        for (const { channel, key, value } of facts) {
          assert.equal(channel, room);
          assert.equal(value, keys.indexOf(key) % 3 === 0 ? null : JSON.stringify(`${room} ${key}`));
        }
      }
    },
  ),

  rule('S62', 'after: the facts that were written above an offset, by offset, then key', [], async ({ store }) => {
    const write = (number: number, ...written: string[]) =>
      commit(store, item(number, { facts: written.map((key) => ({ key, value: '1' })) }));
    await write(1, 'b', 'a');
    await write(2, 'e', 'd', '\u{1d11e}', '\uff21');
    await write(3, 'a');
    await commit(store, item(4, { channel: 'room:b', facts: [{ key: 'x', value: '1' }] }), item(5, { facts: [{ key: 'd', value: null }] }));
    const found = async (after: number) => (await factsOf(store, { channel: room, after })).map(({ offset, key }) => `${offset} ${key}`);
    const all = ['1 b', '2 e', '2 \uff21', '2 \u{1d11e}', '3 a', '4 d'];
    assert.deepEqual(await found(0), all);
    assert.deepEqual(await found(1), all.slice(1));
    assert.deepEqual(await found(2), all.slice(4));
    assert.deepEqual(await found(4), []);
  }),

  rule(
    'S63',
    'about: the facts that speak of an offset of the range, both ends included, by that offset, then key',
    [],
    async ({ store }) => {
      await commit(store, item(1, { facts: [{ key: 'z', value: '1', about: 'self' }] }), item(2), item(3));
      const facts: FactWrite[] = [
        { key: 'y', value: '1', about: 3 },
        { key: '\u{1d11e}', value: '1', about: 1 },
        { key: '\uff21', value: null, about: 1 },
        { key: 'none', value: '1' },
        { key: 'own', value: '1', about: 'self' },
      ];
      await commit(store, item(4, { facts }), item(5, { channel: 'room:b', facts: [{ key: 'x', value: '1', about: 'self' }] }));
      const found = async (...about: [number, number]) =>
        (await factsOf(store, { channel: room, about })).map(({ about, key }) => `${about} ${key}`);
      const all = ['1 z', '1 \uff21', '1 \u{1d11e}', '3 y', '4 own'];
      assert.deepEqual(await found(0, 99), all);
      assert.deepEqual(await found(1, 3), all.slice(0, 4));
      assert.deepEqual(await found(3, 4), all.slice(3));
      assert.deepEqual(await found(2, 2), []);
      assert.deepEqual(await found(3, 1), []);
      // It speaks of nothing any more.
      await commit(store, item(6, { facts: [{ key: 'y', value: '2' }] }));
      assert.deepEqual(await found(2, 4), ['4 own']);
    },
  ),

  rule('S64', 'pairs: exactly these, in the order asked, twice if asked twice, without what was never written', [], async ({ store }) => {
    await writeKeys(store);
    const asked = ['b', 'none', '%', 'a', 'b', '\u{1d11e}'];
    const found = await factsOf(store, { pairs: asked.map((key) => ({ channel: room, key })) });
    assert.deepEqual(keysOf(found), ['b', '%', 'a', 'b', '\u{1d11e}']);
    assert.equal(found[1]?.value, null);
    const channels = ['room:\u{1d11e}', 'room:none', room, 'room:\uff21'];
    const across = await factsOf(store, { pairs: channels.map((channel) => ({ channel, key: 'b' })) });
    assert.deepEqual(
      across.map(({ channel }) => channel),
      ['room:\u{1d11e}', room, 'room:\uff21'],
    );
    assert.deepEqual(await factsOf(store, { pairs: [] }), []);
  }),

  rule(
    'S65',
    'with: the facts of all channels whose key begins so, by key, then channel, in the order of code points',
    [],
    async ({ store }) => {
      await writeKeys(store);
      for (const prefix of ['', 'a:', '%', '\u{1d11e}', 'none']) {
        const found = (await factsOf(store, { with: prefix })).map(({ key, channel }) => [key, channel]);
        const expected = keys
          .filter((key) => key.startsWith(prefix))
          .flatMap((key) => [room, 'room:\uff21', 'room:\u{1d11e}'].map((channel) => [key, channel]));
        assert.deepEqual(found, expected, `with ${prefix}`);
      }
    },
  ),

  rule('S66', 'pages of any size make up the whole answer, nothing cut and nothing twice', [], async ({ store }) => {
    await writeKeys(store);
    for (const query of queries) {
      const whole = await factsOf(store, query);
      assert.ok(whole.length > 1, 'a query that finds something');
      for (const limit of [1, 2, 3, 5, whole.length - 1, whole.length, whole.length + 1]) {
        assert.deepEqual(await pages(store, query, limit), whole, `${JSON.stringify(query)} in pages of ${limit}`);
      }
    }
  }),

  rule('S67', 'what is written between two pages neither cuts nor repeats what stands still', [], async ({ store }) => {
    await writeKeys(store);
    let number = 1_000;
    for (const query of queries) {
      const whole = await factsOf(store, query);
      let left = 12;
      const between = async (): Promise<void> => {
        number += 1;
        left -= 1;
        const facts = ['!', 'a!', '\u{1d11e}!', 'zz'].map((key) => ({ key: `${key}${number}`, value: '1', about: 1 }));
        if (left >= 0) await commit(store, item(number, { facts }), item(number, { channel: 'room:0', facts }));
      };
      const found = await pages(store, query, 1, between);
      const still = found.filter((fact) => whole.some(({ channel, key }) => channel === fact.channel && key === fact.key));
      assert.deepEqual(still, whole, JSON.stringify(query));
    }
  }),
];
