/** Pages of facts, each kind of query over an index of its own order. Places in `next` are JSON arrays: opaque to callers. */
import type { Fact, FactPage, FactQuery } from '../store.ts';
import { texts } from './literal.ts';
import type { PairRow, Query } from './reads.ts';

interface FactRow extends PairRow {
  /** Null: there is none. */
  readonly channel: string | null;
  readonly key: string;
  readonly value: string | null;
  readonly offset: number;
  readonly about: number | null;
  readonly ord: number;
}

type Place = readonly (string | number)[];

interface Kind {
  /** What follows FROM, with the order; `$1` is one more than the page holds. */
  readonly rows: string;
  readonly parameters: readonly unknown[];
  /** Where a page begins that begins with this fact. */
  readonly place: (row: FactRow) => Place;
}

const columns = 'f.channel, f.key, f.value, f."offset", f.about';
/** No character comes after it, so that no key with this beginning does either. */
const last = '\u{10ffff}';

export function factsQuery(query: FactQuery, limit: number, from?: string): Query<FactRow, FactPage> {
  const { rows, parameters, place } = kindOf(query, from === undefined ? undefined : (JSON.parse(from) as Place));
  return {
    text: `SELECT p.*, k.* FROM pair_1() AS p LEFT JOIN LATERAL (SELECT ${rows} LIMIT $1::integer) AS k ON true`,
    parameters: [limit + 1, ...parameters],
    answer: (found, pair) => {
      const facts = found.flatMap((row) => factOf(row) ?? []);
      const first = found[limit];
      if (!first) return { ...pair, facts };
      return { ...pair, facts: facts.slice(0, limit), next: JSON.stringify(place(first)) };
    },
  };
}

function kindOf(query: FactQuery, from: Place | undefined): Kind {
  if ('pairs' in query) {
    const start = Number(from?.[0] ?? 0);
    const asked = query.pairs.slice(start);
    return {
      rows: `${columns}, a.ord FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS a(channel, key, ord)
        JOIN facts AS f ON f.channel = a.channel AND f.key = a.key ORDER BY a.ord`,
      parameters: [texts(asked.map(({ channel }) => channel)), texts(asked.map(({ key }) => key))],
      place: ({ ord }) => [start + ord - 1],
    };
  }
  if ('with' in query) {
    const [key = query.with, channel = ''] = from ?? [];
    return {
      rows: `${columns} FROM facts AS f WHERE (f.key, f.channel) >= ($2, $3) AND f.key < $4 ORDER BY f.key, f.channel`,
      parameters: [key, channel, query.with + last],
      place: (row) => [row.key, row.channel ?? ''],
    };
  }
  const { channel } = query;
  if ('prefix' in query) {
    return {
      rows: `${columns} FROM facts AS f WHERE f.channel = $2 AND f.key >= $3 AND f.key < $4 ORDER BY f.key`,
      parameters: [channel, from?.[0] ?? query.prefix, query.prefix + last],
      place: ({ key }) => [key],
    };
  }
  if ('after' in query) {
    return {
      rows: `${columns} FROM facts AS f WHERE f.channel = $2 AND (f."offset", f.key) >= ($3::bigint, $4) ORDER BY f."offset", f.key`,
      parameters: [channel, from?.[0] ?? query.after + 1, from?.[1] ?? ''],
      place: (row) => [row.offset, row.key],
    };
  }
  const [low, high] = query.about;
  return {
    rows: `${columns} FROM facts AS f WHERE f.channel = $2 AND (f.about, f.key) >= ($3::bigint, $4) AND f.about <= $5::bigint
      ORDER BY f.about, f.key`,
    parameters: [channel, from?.[0] ?? low, from?.[1] ?? '', Math.min(high, Number.MAX_SAFE_INTEGER)],
    place: (row) => [row.about ?? 0, row.key],
  };
}

function factOf({ channel, key, value, offset, about }: FactRow): Fact | undefined {
  if (channel === null) return undefined;
  return about === null ? { channel, key, value, offset } : { channel, key, value, offset, about };
}
