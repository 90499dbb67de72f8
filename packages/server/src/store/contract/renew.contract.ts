/** The pair: which history, how far; and how a new one begins. */
import assert from 'node:assert/strict';
import type { Pair, Store } from '../store.ts';
import { appendSaid, commit, entriesOf, everything, factsOf, failsWith, item, range, room, turns } from './items.contract.ts';
import { type Rule, rule } from './rule.contract.ts';

const pairOf = ({ epoch, mark }: Pair): Pair => ({ epoch, mark });

/** The pairs of one answer of each kind of read. */
async function readPairs(store: Store): Promise<Pair[]> {
  const { until, ...moved } = await store.moved(undefined, 10);
  const answers = [
    moved,
    await store.moved(until, 10),
    await store.moved('nonsense', 10),
    await store.read(room, { after: 0 }, 10),
    await store.read('room:none', { before: 5 }, 10),
    await store.heads([room]),
    await store.heads([]),
    await store.facts({ channel: room, prefix: '' }, 10),
    await store.facts({ with: 'none' }, 10),
    await store.facts({ pairs: [] }, 10),
  ];
  return answers.map(pairOf);
}

export function renew(store: Store, from: string): Promise<Pair> {
  const { renewable } = store.powers;
  assert.ok(renewable, 'a store whose history can be renewed');
  return renewable.renew(from);
}

export const renewRules: readonly Rule[] = [
  rule(
    'S80',
    'every answer carries the pair; each commit has a mark of its own, which the reads after it have too',
    [],
    async ({ store }) => {
      const { epoch } = await store.heads([]);
      const marks: string[] = [];
      const note = async (pair: Pair): Promise<void> => {
        assert.deepEqual(await readPairs(store), Array(10).fill(pairOf(pair)));
        marks.push(pair.mark);
      };
      for (const number of range(12, 1)) await note(await commit(store, item(number, { facts: [{ key: 'k', value: '1' }] })));
      await note(await store.trim(room, 3));
      assert.equal((await store.trim(room, 2)).epoch, epoch);
      await note(await commit(store, item(20)));
      const renewed = await renew(store, epoch);
      assert.notEqual(renewed.epoch, epoch);
      await note(renewed);
      await note(await commit(store, item(21)));
      assert.equal(new Set(marks).size, marks.length);
      // The marks before are lower, whatever they look like: told again, they say nothing.
      for (const mark of marks) store.powers.renewable?.heard({ epoch: renewed.epoch, mark });
      await note(await commit(store, item(22)));
    },
  ),

  rule('S81', 'of ten renewals from one epoch one makes a new epoch, and all answer it; the log stays', [], async ({ store }) => {
    const { epoch } = await commit(store, item(1, { facts: [{ key: 'k', value: '1' }] }), item(2, { empties: [1] }));
    const before = await everything(store);
    const pairs = await Promise.all(range(10).map(() => renew(store, epoch)));
    assert.equal(new Set(pairs.map((pair) => pair.epoch)).size, 1);
    assert.notEqual(pairs[0]?.epoch, epoch);
    assert.deepEqual(await everything(store), before);
    // Who comes late gets it too, and so does whoever names an epoch that never was.
    assert.deepEqual(pairOf(await renew(store, epoch)), pairOf(await store.heads([])));
    assert.deepEqual(pairOf(await renew(store, 'never')), pairOf(await store.heads([])));
    assert.deepEqual(await appendSaid(store, item(1), item(3)), ['duplicate 1', 'committed 3']);
    assert.notEqual((await renew(store, pairs[0]?.epoch ?? '')).epoch, pairs[0]?.epoch);
  }),

  rule('S82', 'no append commits under the old epoch after a renewal', [], async ({ store }) => {
    const { epoch } = await commit(store, item(1));
    const told: { number: number; epoch: string }[] = [];
    const appender = async (at: number): Promise<void> => {
      for (const number of range(20, 100 * (at + 1))) {
        const answer = await store.append([item(number)]).catch(() => undefined);
        if (answer) told.push({ number, epoch: answer.epoch });
        await turns(1);
      }
    };
    const appending = range(4).map(appender);
    await turns(5);
    const renewed = await renew(store, epoch);
    const from = told.length;
    // What was on its way may be answered late: it is in, below what comes now.
    await Promise.all(appending);
    const late = told.slice(from).filter((answer) => answer.epoch !== renewed.epoch);
    const place = new Map((await entriesOf(store)).map(({ header }) => [header.id, header.offset]));
    const offset = ({ number }: { number: number }): number => place.get(item(number).id) ?? Number.NaN;
    const firstNew = Math.min(...told.filter((answer) => answer.epoch === renewed.epoch).map(offset));
    assert.ok(Number.isFinite(firstNew), 'appends go on in the new epoch');
    for (const answer of late)
      assert.ok(offset(answer) < firstNew, `event ${offset(answer)} under the old epoch, ${firstNew} under the new`);
    assert.equal(place.size, told.length + 1, 'what was refused is nowhere');
  }),

  rule('S83', 'several handles renew at once and make one epoch', ['another'], async ({ store, another }) => {
    const { epoch } = await commit(store, item(1));
    const stores = [store, await another(), await another(), await another()];
    const pairs = await Promise.all(stores.map((handle) => renew(handle, epoch)));
    assert.equal(new Set(pairs.map((pair) => pair.epoch)).size, 1);
    assert.notEqual(pairs[0]?.epoch, epoch);
    for (const [at, handle] of stores.entries()) {
      assert.equal(handle.cluster, store.cluster);
      assert.deepEqual(await appendSaid(handle, item(2 + at)), [`committed ${2 + at}`]);
    }
  }),

  rule(
    'S84',
    'after a renewal elsewhere a handle is refused once, nothing written, and then goes on',
    ['another'],
    async ({ store, another }) => {
      const [writer, trimmer, reader] = [await another(), await another(), await another()];
      const { epoch } = await commit(store, item(1, { facts: [{ key: 'k', value: '1' }] }), item(2));
      const before = await everything(store);
      const renewed = await renew(store, epoch);
      await failsWith('new_epoch', writer.append([item(3)]));
      await failsWith('new_epoch', trimmer.trim(room, 2));
      assert.deepEqual(await everything(store), before);
      for (const pair of await readPairs(reader)) assert.deepEqual(pair, pairOf(renewed));
      // Who has read it knows it.
      assert.deepEqual(await appendSaid(reader, item(3)), ['committed 3']);
      assert.deepEqual(await appendSaid(writer, item(3), item(4)), ['duplicate 3', 'committed 4']);
      assert.equal((await trimmer.trim(room, 2)).epoch, renewed.epoch);
      assert.deepEqual((await factsOf(store, { channel: room, prefix: '' })).length, 1);
    },
  ),
];
