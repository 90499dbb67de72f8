/** What the look is told. */
import assert from 'node:assert/strict';
import type { Moved, Store } from '../store.ts';
import { appendSaid, beside, commit, dice, entriesOf, idOf, item, range, turns } from './items.contract.ts';
import { type Rule, rule } from './rule.contract.ts';

const nothing = { purged: false, more: false, heads: [], concerns: [] };
const purged = { ...nothing, purged: true };

function rest({ purged, more, heads, concerns }: Moved): unknown {
  return { purged, more, heads, concerns };
}

async function now(store: Store): Promise<string> {
  return (await store.moved(undefined, 100)).until;
}

/** Looks until there is no more. */
async function lookAll(store: Store, since: string, limit: number): Promise<Moved[]> {
  const all: Moved[] = [];
  let until = since;
  for (const _ of range(1_000)) {
    const moved = await store.moved(until, limit);
    all.push(moved);
    until = moved.until;
    if (!moved.more) return all;
  }
  return assert.fail('looks without end');
}

/** What a looker has been told. */
class Seen {
  readonly heads = new Map<string, number>();
  readonly concerns = new Set<string>();

  take({ heads, concerns }: Moved): void {
    for (const { channel, head } of heads) this.heads.set(channel, Math.max(head, this.heads.get(channel) ?? 0));
    const last = new Map<string, number>();
    for (const { channel, header } of concerns) {
      assert.ok(header.offset > (last.get(channel) ?? 0), 'concerns of a channel come in the order of their offsets');
      last.set(channel, header.offset);
      this.concerns.add(`${channel} ${header.offset} ${header.id} ${header.concerns?.join()}`);
    }
  }
}

export const movedRules: readonly Rule[] = [
  rule('S70', 'each channel once with its newest head and n, and each header with concerns, since the until before', [], async (ground) => {
    const { store } = ground;
    await commit(store, item(1, { concerns: ['eve'] }));
    const since = await now(store);
    assert.deepEqual(rest(await store.moved(since, 100)), nothing);
    await commit(store, item(2, { ts: 5, concerns: ['bob'] }), item(3, { channel: 'room:b', counts: false }), item(4));
    await commit(store, item(5, { concerns: ['*', 'ann'] }));
    const moved = await store.moved(since, 100);
    assert.deepEqual(
      moved.heads.toSorted((a, b) => (a.channel < b.channel ? -1 : 1)),
      [
        { channel: 'room:a', head: 4, n: 4 },
        { channel: 'room:b', head: 1, n: 0 },
      ],
    );
    const entries = await entriesOf(store);
    const headers = [entries[1]?.header, entries[3]?.header].map((header) => ({ channel: 'room:a', header }));
    assert.deepEqual(moved.concerns, headers);
    assert.deepEqual(rest(await store.moved(moved.until, 100)), nothing);
    // Asked again from the same place, all of it comes again.
    assert.deepEqual(rest(await store.moved(since, 100)), rest(moved));
  }),

  rule('S71', 'without since only until, and from there on only what is new', [], async ({ store }) => {
    const empty = await store.moved(undefined, 100);
    assert.deepEqual(rest(empty), nothing);
    await commit(store, item(1, { concerns: ['bob'] }));
    assert.equal((await store.moved(empty.until, 100)).heads.length, 1);
    assert.deepEqual(rest(await store.moved(undefined, 100)), nothing);
    assert.deepEqual(rest(await store.moved(await now(store), 100)), nothing);
  }),

  rule('S72', 'what comes to nothing moves nothing', [], async ({ store }) => {
    await commit(store, item(1));
    const since = await now(store);
    const batch = [item(1), item(1, { body: '1' }), item(2, { probe: true }), item(3, { empties: [90], concerns: ['bob'] })];
    assert.deepEqual(await appendSaid(store, ...batch), ['duplicate 1', 'id_conflict', 'absent', 'bad_empties']);
    assert.deepEqual(rest(await store.moved(since, 100)), nothing);
  }),

  rule('S73', 'with a small limit the rest comes with the calls that more announces', [], async ({ store }) => {
    const since = await now(store);
    const expected = new Map<string, number>();
    for (const number of range(24)) {
      const channel = `room:${number % 7}`;
      const concerns = number % 2 === 0 ? { concerns: [`user${number}`] } : {};
      await commit(store, item(number, { channel, ...concerns }), item(100 + number, { channel }));
      expected.set(channel, 2 + (expected.get(channel) ?? 0));
    }
    for (const limit of [1, 2, 3, 10, 35, 36, 37, 1_000]) {
      const looks = await lookAll(store, since, limit);
      const seen = new Seen();
      for (const [at, look] of looks.entries()) {
        assert.ok(!look.purged);
        // The look after one that said "more" is not empty.
        assert.ok(look.heads.length > 0, `look ${at + 1} of ${looks.length}`);
        assert.ok(look.heads.length + look.concerns.length <= 2 * limit + 1, 'about limit rows');
        seen.take(look);
      }
      assert.deepEqual(seen.heads, expected, `limit ${limit}`);
      assert.equal(seen.concerns.size, 12, `limit ${limit}`);
      assert.deepEqual(rest(await store.moved(looks.at(-1)?.until, limit)), nothing);
    }
  }),

  rule('S74', 'a since that the store never gave is purged: nothing comes but an until to go on from', [], async ({ store }) => {
    await commit(store, item(1, { concerns: ['bob'] }));
    const since = await now(store);
    for (const unknown of ['', ' ', 'nonsense', `x${since}`, `${since}x`, `99${since}`, `-${since}`, '0']) {
      assert.deepEqual(rest(await store.moved(unknown, 100)), purged, `since ${JSON.stringify(unknown)}`);
    }
    const { until } = await store.moved('nonsense', 100);
    await commit(store, item(2, { channel: 'room:b' }));
    assert.deepEqual((await store.moved(until, 100)).heads, [{ channel: 'room:b', head: 1, n: 1 }]);
  }),

  rule('S75', 'a since that is older than what is kept is purged, a newer one never', ['age'], async ({ store, age }) => {
    const old = await now(store);
    await commit(store, ...range(6).map((number) => item(number, { channel: `room:${number}`, concerns: ['bob'] })));
    const seen = await store.moved(old, 100);
    assert.equal(seen.heads.length, 6);
    await age();
    for (const number of range(32, 100)) {
      const since = await now(store);
      await commit(store, item(number));
      assert.deepEqual((await store.moved(since, 100)).heads, [{ channel: 'room:a', head: number - 99, n: number - 99 }]);
    }
    assert.deepEqual(rest(await store.moved(old, 100)), purged);
  }),

  rule('S76', 'a since of another epoch is purged', [], async ({ store }) => {
    const { epoch } = await commit(store, item(1));
    const since = await now(store);
    assert.deepEqual(rest(await store.moved(since, 100)), nothing);
    await store.powers.renewable?.renew(epoch);
    const moved = await store.moved(since, 100);
    assert.deepEqual(rest(moved), purged);
    assert.deepEqual(rest(await store.moved(moved.until, 100)), nothing);
  }),

  rule('S77', 'eight appenders, fifty lookers: whoever goes on from until to until misses no head and no concern', [], async (ground) => {
    const { store } = ground;
    const start = await now(store);
    const appender = async (at: number): Promise<void> => {
      const roll = dice(at + 1);
      for (const batch of range(30)) {
        const items = range(1 + roll(3)).map((place) => {
          const concerns = roll(3) === 0 ? { concerns: [`user${at}`] } : {};
          return item(1_000 * at + 10 * batch + place, { channel: `room:${roll(12)}`, ...concerns });
        });
        await commit(store, ...items);
        await turns(roll(4));
      }
    };
    const looker = async (at: number, ended: () => boolean): Promise<Seen> => {
      const roll = dice(100 + at);
      const seen = new Seen();
      await turns(roll(30));
      // From the start, as one that was there: what was before it came is asked for too.
      let since = start;
      for (let left = 1_000; left > 0; ) {
        const last = ended();
        if (last) left -= 1;
        const moved = await store.moved(since, 1 + roll(40));
        assert.ok(!moved.purged);
        seen.take(moved);
        since = moved.until;
        if (last && !moved.more) return seen;
        await turns(moved.more ? 1 : 1 + roll(20));
      }
      return assert.fail('looks without end');
    };
    const lookers = range(50).map((at) => (ended: () => boolean) => looker(at, ended));
    const told = await beside(() => Promise.all(range(8).map(appender)), lookers);
    const heads = new Map<string, number>();
    const concerns = new Set<string>();
    for (const channel of range(12).map((number) => `room:${number}`)) {
      for (const { header } of await entriesOf(store, channel)) {
        heads.set(channel, header.offset);
        if (header.concerns) concerns.add(`${channel} ${header.offset} ${header.id} ${header.concerns.join()}`);
      }
    }
    assert.ok(concerns.size > 50 && heads.size === 12 && !concerns.has(idOf(0)));
    for (const seen of told) {
      assert.deepEqual(new Map([...seen.heads].toSorted()), new Map([...heads].toSorted()));
      assert.deepEqual([...seen.concerns].toSorted(), [...concerns].toSorted());
    }
  }),
];
