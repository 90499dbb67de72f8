import type { Fact, FactPage, FactQuery } from '../store.ts';
import type { ChannelLog } from './log.ts';

/** Facts by a query, in the query's order, one page of them. `from` is the place of the last one given: what stands still is neither repeated nor skipped. */
export function queryFacts(channels: ReadonlyMap<string, ChannelLog>, query: FactQuery, limit: number, from: string | undefined): Pick<FactPage, 'facts' | 'next'> {
  const all = select(channels, query);
  const rest = from === undefined ? all : all.filter((fact) => after(query, fact, JSON.parse(from)));
  const facts = rest.slice(0, limit);
  const last = facts.at(-1);
  return rest.length > limit && last ? { facts, next: JSON.stringify(place(query, last)) } : { facts };
}

function select(channels: ReadonlyMap<string, ChannelLog>, query: FactQuery): Fact[] {
  if ('pairs' in query) {
    return query.pairs.flatMap(({ channel, key }) => channels.get(channel)?.facts.get(key) ?? []);
  }
  if ('with' in query) {
    const found = [...channels.values()].flatMap(({ facts }) => [...facts.values()].filter(({ key }) => key.startsWith(query.with)));
    return found.sort((a, b) => compare(a.key, b.key) || compare(a.channel, b.channel));
  }
  const facts = [...(channels.get(query.channel)?.facts.values() ?? [])];
  if ('prefix' in query) return facts.filter(({ key }) => key.startsWith(query.prefix)).sort((a, b) => compare(a.key, b.key));
  if ('after' in query) return facts.filter(({ offset }) => offset > query.after).sort((a, b) => a.offset - b.offset || compare(a.key, b.key));
  const [low, high] = query.about;
  const about = facts.filter(({ about }) => about !== undefined && about >= low && about <= high);
  return about.sort((a, b) => (a.about ?? 0) - (b.about ?? 0) || compare(a.key, b.key));
}

/** Where a fact stands in the query's order: what the next page begins after. */
type Place = readonly [number | string, string];

function place(query: FactQuery, fact: Fact): Place {
  if ('pairs' in query) return [query.pairs.findIndex(({ channel, key }) => channel === fact.channel && key === fact.key), ''];
  if ('with' in query) return [fact.key, fact.channel];
  if ('prefix' in query) return [fact.key, ''];
  return ['after' in query ? fact.offset : (fact.about ?? 0), fact.key];
}

function after(query: FactQuery, fact: Fact, [first, second]: Place): boolean {
  const [a, b] = place(query, fact);
  if (typeof a === 'number' && typeof first === 'number') return a > first || (a === first && compare(b, second) > 0);
  return compare(String(a), String(first)) > 0 || (a === first && compare(b, second) > 0);
}

/** By bytes, as the databases do: by code point, which for UTF-8 is the same. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  const left = [...a];
  const right = [...b];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
