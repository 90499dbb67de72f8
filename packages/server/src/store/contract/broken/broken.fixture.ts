/** How a store that keeps the contract is made into one that breaks a rule of it. */
import type { Entry } from '@hubbub/protocol/event';
import type { MemoryData } from '../../memory/data.ts';
import { openMemory } from '../../memory/memory.ts';
import type { Appended, Fact, FactQuery, Item, Outcome, Page, Rejection, Store } from '../../store.ts';
import type { OpenHandle } from '../memory.fixture.ts';

export interface Broken {
  /** The rules that have to find it. */
  readonly breaks: readonly string[];
  /** A store that … */
  readonly that: string;
  readonly open: OpenHandle;
}

export type Change = (store: Store, data: MemoryData) => Partial<Store>;

export function broken(breaks: readonly string[], that: string, change: Change): Broken {
  return {
    breaks,
    that,
    open: (data) => {
      const store = openMemory(data);
      return { ...store, ...change(store, data) };
    },
  };
}

export function changedItems(change: (item: Item, at: number, items: readonly Item[]) => Item): Change {
  return (store) => ({ append: (items) => store.append(items.map(change)) });
}

export function changedOutcomes(change: (outcome: Outcome, item: Item) => Outcome): Change {
  return (store) => ({
    append: async (items) => {
      const { outcomes, ...pair } = await store.append(items);
      return { ...pair, outcomes: items.map((item, at) => change(outcomes[at] ?? { status: 'absent' }, item)) };
    },
  });
}

/** Whether an item is skipped because of the one before it in its batch. */
export type Skips = (item: Item, before: Item, outcome: Outcome) => boolean;

const asTheyShould: Skips = (_, __, outcome) => outcome.status === 'rejected' && /^(requires|skipped)$/.test(outcome.code);

/** Appends each item in a commit of its own, or answers it without asking the store. All else is as it should be. */
export async function oneByOne(
  store: Store,
  items: readonly Item[],
  each: (item: Item, outcomes: readonly Outcome[]) => Promise<Item | Outcome>,
  skips: Skips = asTheyShould,
  sameChannel = true,
): Promise<Appended> {
  const outcomes: Outcome[] = [];
  for (const [at, item] of items.entries()) {
    const place = items.findLastIndex((before, index) => index < at && (!sameChannel || before.channel === item.channel));
    const before = items[place];
    const outcome = outcomes[place];
    const skipped = item.follows && before && outcome && skips(item, before, outcome);
    const next = skipped ? rejected('skipped') : await each(item, outcomes);
    outcomes.push(...('status' in next ? [next] : (await store.append([next])).outcomes));
  }
  const { outcomes: _, ...pair } = await store.append([]);
  return { ...pair, outcomes };
}

export function rejected(code: Rejection): Outcome {
  return { status: 'rejected', code };
}

export async function presentValue(store: Store, channel: string, key: string): Promise<string | null | undefined> {
  return (await store.facts({ pairs: [{ channel, key }] }, 1)).facts[0]?.value;
}

export function changedPages(change: (page: Page) => Page): Change {
  return (store) => ({ read: async (...asked) => change(await store.read(...asked)) });
}

export function changedEntries(change: (entry: Entry, page: Page) => Entry | undefined): Change {
  return changedPages((page) => ({ ...page, entries: page.entries.flatMap((entry) => change(entry, page) ?? []) }));
}

export function changedFacts(change: (facts: readonly Fact[], query: FactQuery) => readonly Fact[]): Change {
  return (store) => ({
    facts: async (query, limit, from) => {
      const page = await store.facts(query, limit, from);
      return { ...page, facts: change(page.facts, query) };
    },
  });
}

export function changedQueries(change: (query: FactQuery) => FactQuery): Change {
  return (store) => ({ facts: (query, limit, from) => store.facts(change(query), limit, from) });
}

/** Another id for each number, so that what was one is two. */
export function otherId(number: number): string {
  return `ffffffff-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}
