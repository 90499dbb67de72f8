import type { Fact, FactPage, FactQuery, Store } from '../../store.ts';
import { type Broken, broken, changedFacts, changedQueries } from './broken.fixture.ts';

/** The whole answer, cut into pages another way: `cut` says where the page after one ends that began at a place. */
const paged = (store: Store, next: (start: number, limit: number, length: number) => number | undefined): Pick<Store, 'facts'> => ({
  facts: async (query, limit, from): Promise<FactPage> => {
    const whole = await store.facts(query, 100_000);
    const start = Number(from ?? 0);
    const after = next(start, limit, whole.facts.length);
    return { ...whole, facts: whole.facts.slice(start, start + limit), ...(after !== undefined && { next: String(after) }) };
  },
});

const sorted = (order: (fact: Fact, query: FactQuery) => string) =>
  changedFacts((facts, query) => facts.toSorted((a, b) => (order(a, query) < order(b, query) ? -1 : 1)));

const any = (text: string): RegExp => new RegExp(`^${text.replaceAll('*', '\\*').replaceAll('_', '.').replaceAll('%', '.*')}`, 'u');

export const brokenFacts: readonly Broken[] = [
  broken(
    ['S60'],
    'says that a fact which speaks of nothing speaks of 0',
    changedFacts((facts) => facts.map((fact) => ({ ...fact, about: fact.about ?? 0 }))),
  ),
  broken(
    ['S60'],
    'takes self for the event before',
    changedFacts((facts) => facts.map((fact) => (fact.about === fact.offset ? { ...fact, about: fact.offset - 1 } : fact))),
  ),
  broken(
    ['S60', 'S61', 'S62', 'S63', 'S64', 'S65', 'S66'],
    'leaves removed facts out',
    changedFacts((facts) => facts.filter(({ value }) => value !== null)),
  ),
  broken(
    ['S61', 'S62', 'S63', 'S65'],
    'orders keys by UTF-16',
    sorted((fact, query) => {
      if ('pairs' in query) return '';
      if ('with' in query) return `${fact.key}\0${fact.channel}`;
      if ('prefix' in query) return fact.key;
      return String.fromCharCode('after' in query ? fact.offset : (fact.about ?? 0)) + fact.key;
    }),
  ),
  broken(['S61'], 'takes a prefix for a pattern', (store) => ({
    facts: async (query, limit, from) => {
      if (!('prefix' in query)) return store.facts(query, limit, from);
      const page = await store.facts({ ...query, prefix: '' }, limit, from);
      return { ...page, facts: page.facts.filter(({ key }) => any(query.prefix).test(key)) };
    },
  })),
  broken(
    ['S62'],
    'counts the offset that it was asked after',
    changedQueries((query) => ('after' in query ? { ...query, after: query.after - 1 } : query)),
  ),
  broken(
    ['S62'],
    'orders by key what it was asked after an offset',
    changedFacts((facts, query) => ('after' in query ? facts.toSorted((a, b) => (a.key < b.key ? -1 : 1)) : facts)),
  ),
  broken(
    ['S31', 'S63'],
    'leaves out the end of a range',
    changedQueries((query) => ('about' in query ? { ...query, about: [query.about[0], query.about[1] - 1] } : query)),
  ),
  broken(
    ['S63'],
    'orders by writer what speaks of an offset',
    changedFacts((facts, query) => ('about' in query ? facts.toSorted((a, b) => b.offset - a.offset) : facts)),
  ),
  broken(
    ['S64'],
    'answers a pair once',
    changedFacts((facts, query) =>
      'pairs' in query ? [...new Map(facts.map((fact) => [`${fact.channel} ${fact.key}`, fact])).values()] : facts,
    ),
  ),
  broken(
    ['S64'],
    'answers pairs by key',
    changedFacts((facts, query) => ('pairs' in query ? facts.toSorted((a, b) => (a.key < b.key ? -1 : 1)) : facts)),
  ),
  broken(
    ['S65'],
    'answers one channel after the other',
    changedFacts((facts, query) => ('with' in query ? facts.toSorted((a, b) => (a.channel < b.channel ? -1 : 1)) : facts)),
  ),
  broken(['S66'], 'begins a page with the end of the one before', (store) =>
    paged(store, (start, limit, length) => (start + limit < length ? start + Math.max(1, limit - 1) : undefined)),
  ),
  broken(['S66'], 'cuts the last fact', (store) =>
    paged(store, (start, limit, length) => (start + limit < length - 1 ? start + limit : undefined)),
  ),
  broken(['S67'], 'finds the next page by counting', (store) =>
    paged(store, (start, limit, length) => (start + limit < length ? start + limit : undefined)),
  ),
];
