import type { Item, Outcome, Store } from '../../store.ts';
import { turn } from '../items.contract.ts';
import { type Broken, broken, changedItems, oneByOne, otherId, presentValue, rejected, type Skips } from './broken.fixture.ts';

/** Whether all that an item requires is so. */
async function fits(store: Store, item: Item): Promise<boolean> {
  for (const { key, value } of item.requires ?? []) {
    if (((await presentValue(store, item.channel, key)) ?? null) !== value) return false;
  }
  return true;
}

function equalJson(a: string | null | undefined, b: string | null): boolean {
  try {
    return JSON.stringify(JSON.parse(a ?? '')) === JSON.stringify(JSON.parse(b ?? ''));
  } catch {
    return false;
  }
}

const skipping = (store: Store, skips: Skips, sameChannel = true): Pick<Store, 'append'> => ({
  append: (items) => oneByOne(store, items, async (item) => item, skips, sameChannel),
});

const codeOf = (outcome: Outcome): string => (outcome.status === 'rejected' ? outcome.code : '');

export const brokenRequires: readonly Broken[] = [
  broken(['S17', 'S18', 'S23'], 'asks what is required before it looks for the id', (store) => ({
    append: (items) => oneByOne(store, items, async (item) => ((await fits(store, item)) ? item : rejected('requires'))),
  })),
  broken(['S20'], 'compares values as JSON', (store) => ({
    append: (items) =>
      oneByOne(store, items, async (item) => {
        const requires = (item.requires ?? []).map(async ({ key, value }) => {
          const present = await presentValue(store, item.channel, key);
          return { key, value: equalJson(present, value) && present !== undefined ? present : value };
        });
        return { ...item, requires: await Promise.all(requires) };
      }),
  })),
  broken(['S20'], 'does not take a removed fact for none', (store) => ({
    append: (items) =>
      oneByOne(store, items, async (item) => {
        for (const { key, value } of item.requires ?? []) {
          if (value === null && (await presentValue(store, item.channel, key)) === null) return rejected('requires');
        }
        return item;
      }),
  })),
  broken(
    ['S20'],
    'asks only the first requirement',
    changedItems((item) => ({ ...item, requires: item.requires?.slice(0, 1) ?? [] })),
  ),
  broken(['S21'], 'judges a whole batch by the facts before it', (store) => ({
    append: async (items) => {
      const fitting = await Promise.all(items.map((item) => fits(store, item)));
      return oneByOne(store, items, async (item, outcomes) => {
        const { requires: _, ...rest } = item;
        return fitting[outcomes.length] ? rest : rejected('requires');
      });
    },
  })),
  broken(
    ['S22', 'S23'],
    'does not care what an item follows',
    changedItems((item) => ({ ...item, follows: false })),
  ),
  broken(['S22'], 'skips after any refusal', (store) => skipping(store, (_, __, outcome) => outcome.status === 'rejected')),
  broken(['S22'], 'skips after a duplicate', (store) =>
    skipping(store, (_, __, outcome) => outcome.status === 'duplicate' || /requires|skipped/.test(codeOf(outcome))),
  ),
  broken(['S22'], 'skips in one channel for what was refused in another', (store) =>
    skipping(store, (_, __, outcome) => /requires|skipped/.test(codeOf(outcome)), false),
  ),
  broken(['S22'], 'skips only the one that comes next', (store) => skipping(store, (_, __, outcome) => codeOf(outcome) === 'requires')),
  broken(['S3', 'S24'], 'writes the facts of what is rejected', (store) => {
    let made = 0;
    return {
      append: (items) =>
        oneByOne(store, items, async (item) => {
          const [outcome] = (await store.append([item])).outcomes;
          if (outcome?.status !== 'rejected') return outcome ?? item;
          made += 1;
          const { requires: _, empties: __, ...rest } = item;
          await store.append([{ ...rest, id: otherId(made), counts: false }]);
          return outcome;
        }),
    };
  }),
  broken(['S25'], 'commits the items of a batch one after the other', (store) => ({
    append: (items) =>
      oneByOne(store, items, async (item) => {
        await turn();
        return item;
      }),
  })),
  broken(['S25'], 'shows facts later than the events that they come with', (store) => {
    let shown = store.facts({ pairs: [] }, 1);
    return {
      facts: (...asked) => {
        const last = shown;
        shown = store.facts(...asked);
        return last;
      },
    };
  }),
];
