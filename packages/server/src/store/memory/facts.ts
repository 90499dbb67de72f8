import type { Fact, FactPage, FactQuery } from '../store.ts';
import type { ChannelLog } from './log.ts';

/**
 * Facts by a query, in the query's order, one page of them. `from` says where the page before ended, by place and not by count: what
 * stands still is neither repeated nor skipped, whatever is written in between.
 */
export function queryFacts(
  channels: ReadonlyMap<string, ChannelLog>,
  query: FactQuery,
  limit: number,
  from: string | undefined,
): Pick<FactPage, 'facts' | 'next'> {
  if ('pairs' in query) return pairsPage(channels, query.pairs, limit, from === undefined ? 0 : Number(from));
  const all = select(channels, query);
  const rest = from === undefined ? all : all.filter((fact) => isAfter(place(query, fact), JSON.parse(from)));
  const facts = rest.slice(0, limit);
  const last = facts.at(-1);
  return rest.length > limit && last ? { facts, next: JSON.stringify(place(query, last)) } : { facts };
}

type Pairs = readonly { readonly channel: string; readonly key: string }[];
type ScanQuery = Exclude<FactQuery, { readonly pairs: Pairs }>;

/** The place is the number of the pair: the same pair may be asked for twice. */
function pairsPage(
  channels: ReadonlyMap<string, ChannelLog>,
  pairs: Pairs,
  limit: number,
  start: number,
): Pick<FactPage, 'facts' | 'next'> {
  const facts: Fact[] = [];
  for (const [at, { channel, key }] of pairs.entries()) {
    const fact = at < start ? undefined : channels.get(channel)?.facts.get(key);
    if (!fact) continue;
    if (facts.length === limit) return { facts, next: String(at) };
    facts.push(fact);
  }
  return { facts };
}

function select(channels: ReadonlyMap<string, ChannelLog>, query: ScanQuery): Fact[] {
  if ('with' in query) {
    const found = [...channels.values()].flatMap(({ facts }) => [...facts.values()].filter(({ key }) => key.startsWith(query.with)));
    return found.sort((a, b) => compare(a.key, b.key) || compare(a.channel, b.channel));
  }
  const facts = [...(channels.get(query.channel)?.facts.values() ?? [])];
  if ('prefix' in query) return facts.filter(({ key }) => key.startsWith(query.prefix)).sort((a, b) => compare(a.key, b.key));
  if ('after' in query)
    return facts.filter(({ offset }) => offset > query.after).sort((a, b) => a.offset - b.offset || compare(a.key, b.key));
  const [low, high] = query.about;
  const about = facts.filter(({ about }) => about !== undefined && about >= low && about <= high);
  return about.sort((a, b) => (a.about ?? 0) - (b.about ?? 0) || compare(a.key, b.key));
}

/** Where a fact stands in the query's order: what the next page begins after. */
type Place = readonly [number | string, string];

function place(query: ScanQuery, fact: Fact): Place {
  if ('with' in query) return [fact.key, fact.channel];
  if ('prefix' in query) return [fact.key, ''];
  return ['after' in query ? fact.offset : (fact.about ?? 0), fact.key];
}

function isAfter([a, b]: Place, [first, second]: Place): boolean {
  const difference = typeof a === 'number' && typeof first === 'number' ? a - first : compare(String(a), String(first));
  return difference > 0 || (difference === 0 && compare(b, second) > 0);
}

/** By bytes of UTF-8, as the databases do: by code point, which is the same. */
function compare(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const difference = rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A surrogate stands for a code point above all that have one unit. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}
