import type { Outcome } from '../../store.ts';
import { room, turns } from '../items.contract.ts';
import { type Broken, broken, changedItems, changedOutcomes, oneByOne, otherId, rejected } from './broken.fixture.ts';

export const brokenAppends: readonly Broken[] = [
  broken(
    ['S1'],
    'answers offsets that are one too high',
    changedOutcomes((outcome) => (outcome.status === 'committed' ? { ...outcome, offset: outcome.offset + 1 } : outcome)),
  ),
  broken(['S1'], 'applies the items of a batch from the last to the first', (store) => ({
    append: async (items) => {
      const { outcomes, ...pair } = await store.append(items.toReversed());
      return { ...pair, outcomes: outcomes.toReversed() };
    },
  })),
  broken(
    ['S2'],
    'counts everything',
    changedItems((item) => ({ ...item, counts: true })),
  ),
  broken(['S3'], 'gives up a batch at the first rejection', (store) => ({
    append: (items) =>
      oneByOne(store, items, async (item, outcomes) => (outcomes.some(({ status }) => status === 'rejected') ? rejected('skipped') : item)),
  })),
  broken(['S3'], 'burns an offset for what is rejected', (store) => {
    let burnt = 0;
    return {
      append: (items) =>
        oneByOne(store, items, async (item) => {
          const [outcome] = (await store.append([item])).outcomes;
          if (outcome?.status !== 'rejected') return outcome ?? item;
          burnt += 1;
          await store.append([{ channel: item.channel, id: otherId(burnt), from: 'x', kind: 'x', body: '0', counts: false }]);
          return outcome;
        }),
    };
  }),
  broken(['S4'], 'lets a later append overtake', (store) => {
    let calls = 0;
    return {
      append: async (items) => {
        calls += 1;
        await turns(calls % 3);
        return store.append(items);
      },
    };
  }),
  broken(['S5'], 'answers reads from what it has answered before', (store) => {
    const answered = new Map<string, ReturnType<typeof store.read>>();
    return {
      read: (...asked) => {
        const key = JSON.stringify(asked);
        const page = answered.get(key) ?? store.read(...asked);
        answered.set(key, page);
        return page;
      },
    };
  }),
  broken(['S5'], 'answers an append before it is done', (store) => {
    let before: ReturnType<typeof store.heads> | undefined;
    return {
      append: async (items) => {
        before = store.heads([room]);
        return store.append(items);
      },
      heads: (channels) => (channels[0] === room && before ? before : store.heads(channels)),
    };
  }),
  broken(
    ['S6'],
    'takes each time as it is given',
    changedOutcomes((outcome, item): Outcome => (outcome.status === 'committed' ? { ...outcome, ts: item.ts ?? outcome.ts } : outcome)),
  ),
  broken(
    ['S6'],
    'takes its own time for all',
    changedItems(({ ts: _, ...item }) => item),
  ),
  broken(
    ['S7'],
    'stores what cannot be stored',
    changedItems(({ ts, ...item }) => (Number.isNaN(ts) ? item : { ...item, ...(ts !== undefined && { ts }) })),
  ),
  broken(['S7'], 'writes what stands before the poison', (store) => ({
    append: async (items) =>
      items.some(({ ts }) => Number.isNaN(ts)) ? oneByOne(store, items, async (item) => item) : store.append(items),
  })),
  broken(['S8'], 'says that the first event of an empty channel is 0', (store) => ({
    heads: async (channels) => {
      const { heads, ...pair } = await store.heads(channels);
      return { ...pair, heads: heads.map((standing) => (standing.head === 0 ? { ...standing, first: 0 } : standing)) };
    },
  })),
];
