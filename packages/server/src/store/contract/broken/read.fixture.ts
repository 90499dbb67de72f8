import { room, turn } from '../items.contract.ts';
import { type Broken, broken, changedEntries, changedPages } from './broken.fixture.ts';

export const brokenReads: readonly Broken[] = [
  broken(['S40'], 'begins with the event that was asked to be before', (store) => ({
    read: (channel, range, limit) => store.read(channel, 'after' in range ? { after: range.after - 1 } : range, limit),
  })),
  broken(['S40'], 'gives the first events below an offset instead of the last', (store) => ({
    read: async (channel, range, limit) => {
      if ('after' in range) return store.read(channel, range, limit);
      const page = await store.read(channel, range, 512);
      return { ...page, entries: page.entries.slice(0, limit) };
    },
  })),
  broken(['S40'], 'gives what is before an offset from the newest on', (store) => ({
    read: async (channel, range, limit) => {
      const page = await store.read(channel, range, limit);
      return 'after' in range ? page : { ...page, entries: page.entries.toReversed() };
    },
  })),
  broken(['S40'], 'takes a limit for a hint', (store) => ({
    read: (channel, range, limit) => store.read(channel, range, limit + 1),
  })),
  broken(['S41'], 'has smaller pages than it says', (store) => ({
    read: (channel, range, limit) => store.read(channel, range, Math.min(500, limit)),
  })),
  broken(
    ['S42'],
    'writes bodies anew',
    changedEntries((entry) => (entry.body === null ? entry : { ...entry, body: JSON.stringify(JSON.parse(entry.body)) })),
  ),
  broken(
    ['S42'],
    'keeps what a C string holds',
    changedEntries((entry) => ({ ...entry, body: entry.body?.replace(/\\u0000.*/, '') ?? null })),
  ),
  broken(
    ['S43'],
    'forgets whom an event concerns',
    changedEntries(({ header: { concerns: _, ...header }, ...entry }) => ({ ...entry, header })),
  ),
  broken(
    ['S43'],
    'gives empty lists for none',
    changedEntries(({ header, ...entry }) => ({ ...entry, header: { ...header, empties: header.empties ?? [] } })),
  ),
  broken(['S44'], 'answers each channel once', (store) => ({
    heads: (channels) => store.heads([...new Set(channels)]),
  })),
  broken(['S44'], 'answers heads in an order of its own', (store) => ({
    heads: (channels) => store.heads(channels.toSorted()),
  })),
  broken(['S44'], 'answers no more than 5,000 heads', (store) => ({
    heads: (channels) => store.heads(channels.slice(0, 5_000)),
  })),
  broken(
    ['S45'],
    'shows 7 before 6',
    changedPages((page) => ({ ...page, entries: page.entries.filter((_, at) => at !== page.entries.length - 2) })),
  ),
  broken(['S45'], 'reads the head after the entries', (store) => ({
    read: async (channel, range, limit) => {
      const page = await store.read(channel, range, limit);
      await turn();
      const { heads, ...pair } = await store.heads([room]);
      return { ...page, ...heads[0], ...pair };
    },
  })),
];
