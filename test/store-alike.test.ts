/** The embedded store and the one in memory, which the simulator vouches for, give the same answers to the same seeded calls. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { createMemoryData } from '@hubbub/server/store/memory/data';
import { openMemory } from '@hubbub/server/store/memory/memory';
import { openSqlite } from '@hubbub/server/store/sqlite/open';
import type { Fact, FactQuery, Item, Store } from '@hubbub/server/store/store';
import { idOf, removeFolders, seeded, temporaryFolder } from './store-rig.ts';

const channels = ['room:a', 'room:b', 'user:alice', 'room:Z'];
const keys = ['k', 'edit:1', 'edit:10', 'edit:2', 'member:alice', 'member:bob', 'react:1:alice:👍', '.dot'];
const values = ['1', '"x"', '{"a":1}', null];

/** Few ids, keys and values, so that duplicates, conflicts and refusals of every sort come about. */
function draw(random: () => number): Item {
  const below = (count: number): number => Math.floor(random() * count);
  const one = <Choice>(choices: readonly Choice[]): Choice => choices[below(choices.length)] as Choice;
  const some = <Part>(chance: number, part: () => Part): Part | Record<never, never> => (random() < chance ? part() : {});
  return {
    channel: one(channels),
    id: idOf(below(120)),
    from: one(['alice', 'bob']),
    kind: one(['message', 'message', 'message', 'note']),
    body: `"${below(3)}"`,
    // Both clocks are left out of it: an import's own time, raised where it is too low.
    ts: 5_000 + below(100),
    counts: random() < 0.7,
    ...some(0.2, () => ({ concerns: ['alice'] })),
    ...some(0.3, () => ({ empties: Array.from({ length: 1 + below(2) }, () => 1 + below(12)) })),
    ...some(0.5, () => ({
      facts: Array.from({ length: 1 + below(3) }, () => ({
        key: one(keys),
        value: one(values),
        ...some(0.6, () => ({ about: 'self' as const })),
      })),
    })),
    ...some(0.3, () => ({ requires: [{ key: one(keys), value: one(values) }] })),
    ...some(0.3, () => ({ follows: true })),
    ...some(0.1, () => ({ probe: true })),
  };
}

async function allFacts(store: Store, query: FactQuery, limit: number): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (let from: string | undefined; ; ) {
    const page = await store.facts(query, limit, from);
    facts.push(...page.facts);
    if (page.next === undefined) return facts;
    from = page.next;
  }
}

/** All that can be read, epochs, marks and places of `moved` left out. */
async function everything(store: Store, since: string): Promise<unknown> {
  const { heads } = await store.heads([...channels, 'room:nobody']);
  const pages: unknown[] = [];
  for (const channel of channels) {
    for (let offset = 0; offset < 25; offset += 3) {
      for (const range of [{ after: offset }, { before: offset }]) {
        const { head, n, first, entries } = await store.read(channel, range, 4);
        pages.push({ channel, range, head, n, first, entries });
      }
    }
  }
  const queries: FactQuery[] = [
    ...channels.flatMap((channel): FactQuery[] => [
      { channel, prefix: '' },
      { channel, prefix: 'edit:1' },
      { channel, after: 3 },
      { channel, about: [1, 9] },
    ]),
    { with: 'edit:' },
    { with: '' },
    { pairs: channels.flatMap((channel) => keys.map((key) => ({ channel, key }))).reverse() },
  ];
  const facts: unknown[] = [];
  for (const query of queries) for (const limit of [1_000, 3]) facts.push(await allFacts(store, query, limit));
  const moved = await store.moved(since, 100_000);
  const byName = moved.heads.toSorted((one, other) => (one.channel < other.channel ? -1 : 1));
  const concerns = channels.map((channel) => moved.concerns.filter((concern) => concern.channel === channel));
  return { heads, pages, facts, moved: byName, concerns };
}

describe('sqlite and memory', () => {
  after(removeFolders);

  for (let seed = 1; seed <= 4; seed++) {
    it(`are alike, seed ${seed}`, async () => {
      const random = seeded(seed);
      const stores = [await openSqlite(temporaryFolder()), openMemory(createMemoryData({ now: () => 1_000, random: seeded(99) }))] as const;
      const since = await Promise.all(stores.map(async (store) => (await store.moved(undefined, 10)).until));
      const statuses = new Set<string>();
      for (let round = 0; round < 80; round++) {
        const items = Array.from({ length: 1 + Math.floor(random() * 6) }, () => draw(random));
        const [one, other] = await Promise.all(stores.map(async (store) => (await store.append(items)).outcomes));
        assert.deepEqual(one, other);
        for (const outcome of one ?? []) statuses.add(outcome.status === 'rejected' ? outcome.code : outcome.status);
        if (random() > 0.1) continue;
        const channel = channels[round % channels.length] ?? '';
        const first = 1 + Math.floor(random() * ((await stores[0].heads([channel])).heads[0]?.head ?? 0));
        await Promise.all(stores.map((store) => store.trim(channel, first)));
      }
      const all = ['absent', 'bad_empties', 'committed', 'duplicate', 'id_conflict', 'requires', 'skipped'];
      assert.deepEqual([...statuses].sort(), all, 'every outcome has come about');
      const [one, other] = await Promise.all(stores.map((store, at) => everything(store, since[at] ?? '')));
      assert.deepEqual(one, other);
      const problems: string[] = [];
      await stores[0].powers.checkable?.check((problem) => problems.push(problem));
      assert.deepEqual(problems, []);
      await Promise.all(stores.map((store) => store.close()));
    });
  }
});
