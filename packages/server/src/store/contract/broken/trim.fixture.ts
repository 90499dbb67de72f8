import { type Broken, broken, oneByOne, otherId } from './broken.fixture.ts';

/** Says of a channel's first event what `first` makes of the trims so far. */
const saysFirst = (breaks: readonly string[], that: string, first: (asked: readonly number[], said: number) => number): Broken =>
  broken(breaks, that, (store) => {
    const asked = new Map<string, number[]>();
    const say = <Said extends { readonly first: number }>(channel: string, said: Said): Said => {
      const trims = asked.get(channel);
      return trims ? { ...said, first: first(trims, said.first) } : said;
    };
    return {
      trim: (channel, to) => {
        asked.set(channel, [...(asked.get(channel) ?? []), to]);
        return store.trim(channel, to);
      },
      heads: async (channels) => {
        const { heads, ...pair } = await store.heads(channels);
        return { ...pair, heads: heads.map((standing, at) => say(channels[at] ?? '', standing)) };
      },
      read: async (channel, range, limit) => say(channel, await store.read(channel, range, limit)),
    };
  });

export const brokenTrims: readonly Broken[] = [
  broken(['S32', 'S50', 'S52', 'S55'], 'does not trim', (store) => ({
    trim: async () => {
      const { heads: _, ...pair } = await store.heads([]);
      return pair;
    },
  })),
  broken(['S50'], 'trims one too many', (store) => ({ trim: (channel, first) => store.trim(channel, first + 1) })),
  saysFirst(['S51', 'S52'], 'lets first fall, and rise above all', (asked) => asked.at(-1) ?? 1),
  saysFirst(['S50', 'S52'], 'does not say where it begins', () => 1),
  broken(['S53'], 'forgets the ids of what it trims', (store) => {
    let made = 0;
    return {
      append: (items) =>
        oneByOne(store, items, async (item) => {
          const [outcome] = (await store.append([{ ...item, probe: true }])).outcomes;
          const { first } = (await store.heads([item.channel])).heads[0] ?? { first: 1 };
          if (outcome?.status !== 'duplicate' || outcome.offset >= first) return item;
          made += 1;
          return { ...item, id: otherId(made) };
        }),
    };
  }),
  broken(['S54'], 'trims the facts too', (store) => {
    let trimmed = 1;
    return {
      trim: (channel, first) => {
        trimmed = first;
        return store.trim(channel, first);
      },
      facts: async (...asked) => {
        const page = await store.facts(...asked);
        return { ...page, facts: page.facts.filter(({ offset }) => offset >= trimmed) };
      },
    };
  }),
  broken(['S55'], 'answers when it has trimmed its first 500', (store) => ({
    trim: (channel, first) => store.trim(channel, Math.min(501, first)),
  })),
];
