import { type Broken, broken, changedEntries, changedFacts, changedItems, oneByOne, presentValue, rejected } from './broken.fixture.ts';

export const brokenEmpties: readonly Broken[] = [
  broken(
    ['S30'],
    'drops an emptied event whole',
    changedEntries((entry) => (entry.body === null ? undefined : entry)),
  ),
  broken(
    ['S30'],
    'lets an emptied event name itself',
    changedEntries((entry) => (entry.body === null ? { ...entry, emptied: entry.header.offset } : entry)),
  ),
  broken(
    ['S15', 'S30', 'S31'],
    'empties nothing',
    changedItems(({ empties: _, ...item }) => item),
  ),
  broken(
    ['S31'],
    'writes no fact of what it empties',
    changedFacts((facts) => facts.filter(({ key }) => !key.startsWith('empty:'))),
  ),
  broken(
    ['S31'],
    'says of the fact empty:OFFSET that it speaks of its writer',
    changedFacts((facts) => facts.map((fact) => (fact.key.startsWith('empty:') ? { ...fact, about: fact.offset } : fact))),
  ),
  broken(['S32'], 'empties what it can and ignores the rest', (store) => ({
    append: (items) =>
      oneByOne(store, items, async (item) => {
        const { head, first } = (await store.heads([item.channel])).heads[0] ?? { head: 0, first: 1 };
        return { ...item, empties: (item.empties ?? []).filter((offset) => offset >= first && offset <= head && offset % 1 === 0) };
      }),
  })),
  broken(['S33'], 'refuses to empty what is empty', (store) => ({
    append: (items) =>
      oneByOne(store, items, async (item) => {
        for (const offset of item.empties ?? []) {
          if (await presentValue(store, item.channel, `empty:${offset}`)) return rejected('bad_empties');
        }
        return item;
      }),
  })),
  broken(
    ['S33'],
    'names the last event that emptied another',
    changedEntries((entry, { entries }) => {
      const last = entries.findLast(({ header }) => header.empties?.includes(entry.header.offset));
      return entry.body === null && last ? { ...entry, emptied: last.header.offset } : entry;
    }),
  ),
];
