/** Reading, each answer one statement, so that pair and rows are of one instant. */
import type { Entry, Header } from '@hubbub/protocol/event';
import type { Heads, Page, Pair, Range } from '../store.ts';
import type { Row } from './link.ts';
import { texts } from './literal.ts';

/** In every row of every answer. */
export interface PairRow extends Row {
  readonly epoch: string;
  readonly generation: number;
  readonly count: number;
  /** This is where the present history was written, and what is committed here is synced. */
  readonly sound: boolean;
}

export function pairOf({ epoch, generation, count }: PairRow): Pair {
  return { epoch, mark: `${generation}.${count}` };
}

export const selectPair = 'SELECT epoch, generation, count, sound FROM pair_1()';

interface Standing {
  readonly head: number;
  readonly n: number;
  readonly first: number;
}

interface EventRow {
  /** Null: there is none, the row tells only where the channel stands. */
  readonly offset: number | null;
  readonly own_n: number;
  readonly ts: number;
  readonly id: string;
  readonly sender: string;
  readonly kind: string;
  readonly empties: string | null;
  readonly concerns: string | null;
  readonly body: string | null;
  readonly emptied: number | null;
}

type PageRow = PairRow & Standing & EventRow;

const standing = `SELECT p.*, coalesce(h.head, 0) AS head, coalesce(h.n, 0) AS n, coalesce(h.first, 1) AS first
  FROM pair_1() AS p LEFT JOIN heads AS h ON h.channel = $1`;
const columns = '"offset", n AS own_n, ts, id, sender, kind, empties, concerns, body, emptied';
const page = (rows: string): string => `WITH at AS (${standing}) SELECT at.*, e.* FROM at LEFT JOIN LATERAL (
  SELECT ${columns} FROM events WHERE channel = $1 AND ${rows}) AS e ON true ORDER BY e."offset"`;
const pageAfter = page('"offset" >= greatest($2::bigint + 1, at.first) ORDER BY "offset" LIMIT $3');
const pageBefore = page('"offset" < $2::bigint AND "offset" >= at.first ORDER BY "offset" DESC LIMIT $3');

export type Query<Result extends PairRow, Answer> = {
  readonly text: string;
  readonly parameters: readonly unknown[];
  readonly answer: (rows: readonly Result[], pair: Pair) => Answer;
};

export function readQuery(channel: string, range: Range, limit: number): Query<PageRow, Page> {
  const [text, place] = 'after' in range ? [pageAfter, range.after] : [pageBefore, range.before];
  return {
    text,
    // No offset is beyond this; a place may be.
    parameters: [channel, Math.min(place, Number.MAX_SAFE_INTEGER - 1), limit],
    answer: (rows, pair) => {
      const { head = 0, n = 0, first = 1 } = rows[0] ?? {};
      return { ...pair, head, n, first, entries: rows.flatMap((row) => entryOf(row) ?? []) };
    },
  };
}

const heads = `SELECT p.*, coalesce(h.head, 0) AS head, coalesce(h.n, 0) AS n, coalesce(h.first, 1) AS first, k.ord
  FROM pair_1() AS p LEFT JOIN unnest($1::text[]) WITH ORDINALITY AS k(channel, ord) ON true
  LEFT JOIN heads AS h ON h.channel = k.channel ORDER BY k.ord`;

export function headsQuery(channels: readonly string[]): Query<PairRow & Standing, Heads> {
  return {
    text: heads,
    parameters: [texts(channels)],
    answer: (rows, pair) => ({ ...pair, heads: channels.length === 0 ? [] : rows.map(({ head, n, first }) => ({ head, n, first })) }),
  };
}

function entryOf(row: PageRow): Entry | undefined {
  if (row.offset === null) return undefined;
  const plain = { offset: row.offset, n: row.own_n, ts: row.ts, id: row.id, from: row.sender, kind: row.kind };
  const empties = row.empties === null ? {} : { empties: JSON.parse(row.empties) as number[] };
  const concerns = row.concerns === null ? {} : { concerns: JSON.parse(row.concerns) as string[] };
  const header: Header = { ...plain, ...empties, ...concerns };
  return row.emptied === null ? { header, body: row.body } : { header, body: null, emptied: row.emptied };
}
