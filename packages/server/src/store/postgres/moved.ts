/**
 * The look. Transactions do not become visible in the order of their numbers, so a place in it is a snapshot: what a later one sees and
 * that one did not is new, whatever was in flight in between. `until` is `SNAPSHOT~EPOCH`; where an answer ended before all was told,
 * `SNAPSHOT;TARGET;XID;ORD~EPOCH`: what TARGET sees and SNAPSHOT does not, from behind that row on.
 */
import type { Header } from '@hubbub/protocol/event';
import type { Moved, Pair } from '../store.ts';
import { headerOf } from './batch.ts';
import type { PairRow, Query } from './reads.ts';

interface MovedRow extends PairRow {
  /** The snapshot that the answer goes up to. */
  readonly target: string;
  /** The snapshot that it was made in. */
  readonly present: string;
  readonly gone: boolean;
  /** There are rows that the target has not seen. */
  readonly newer: boolean;
  /** Not all that the target has seen was taken in, but up to this row: `XID;ORD`. */
  readonly stops: boolean;
  readonly upto: string | null;
  /** Null: nothing has moved. */
  readonly channel: string | null;
  readonly own_offset: number;
  readonly own_n: number;
  readonly ts: number;
  readonly rest: string | null;
  readonly head: number;
  readonly n: number;
}

const onlyUntil = 'SELECT p.*, pg_current_snapshot()::text AS present FROM pair_1() AS p';

/** So many rows are read for each that may be told: a busy channel has one for each of its batches. */
const rowsRead = 32;

/**
 * `gone`: rows that `since` has not seen may have been dropped, or it is from a history that this one is not. One row more than may be
 * read is read: it tells that there is more. What is told is a channel's first row, for its head, and each row with concerns, up to the
 * row where these are too many; `upto` is the last that was taken in.
 */
const since = `
  WITH at AS (
    SELECT p.*, pg_current_snapshot()::text AS present, coalesce($2::text, pg_current_snapshot()::text) AS target, pg_snapshot_xmin($1::pg_snapshot) <= meta.purged
      OR pg_snapshot_xmax($1::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()) AS gone
    FROM pair_1() AS p, meta
  ), found AS (
    SELECT *, row_number() OVER in_order AS nth, row_number() OVER (PARTITION BY channel ORDER BY xid, ord) = 1 AS opens
    FROM at CROSS JOIN LATERAL (
      SELECT moves.* FROM moves
      WHERE NOT at.gone AND (xid, ord) > (greatest(pg_snapshot_xmin($1::pg_snapshot)::text::numeric, $3::numeric)::text::xid8, $4::integer)
        AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot) AND pg_visible_in_snapshot(xid, at.target::pg_snapshot)
      ORDER BY moves.xid, ord LIMIT $5::integer * ${rowsRead} + 1
    ) AS rows WINDOW in_order AS (ORDER BY xid, ord)
  ), counted AS (
    SELECT *, nth <= $5::integer * ${rowsRead} AND sum((opens OR rest IS NOT NULL)::integer) OVER so_far <= $5::integer AS taken
    FROM found WINDOW so_far AS (ORDER BY nth ROWS UNBOUNDED PRECEDING)
  )
  SELECT at.*, m.*, h.head, h.n, $2::text IS NOT NULL AND EXISTS (
    SELECT FROM moves WHERE xid >= pg_snapshot_xmin(at.target::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, at.target::pg_snapshot)
  ) AS newer, EXISTS (SELECT FROM counted WHERE NOT taken) AS stops, (
    SELECT xid::text || ';' || ord FROM counted WHERE taken ORDER BY xid DESC, ord DESC LIMIT 1
  ) AS upto FROM at LEFT JOIN (
    SELECT channel, "offset" AS own_offset, n AS own_n, ts, rest, nth FROM counted WHERE taken AND (opens OR rest IS NOT NULL)
  ) AS m ON true LEFT JOIN heads AS h ON h.channel = m.channel ORDER BY m.nth`;

interface Place {
  readonly snapshot: string;
  readonly target?: string;
  readonly xid: string;
  readonly ord: number;
}

/** The oldest transaction that was open when this was told, and whether one was. */
export function oldestOpen(until: string): { readonly xid: string; readonly isOpen: boolean } {
  const [low = '', high = ''] = (/^(?:[^;~]*;)?([^;~]*)/.exec(until)?.[1] ?? '').split(':');
  return { xid: low, isOpen: low !== high };
}

/** `XMIN:XMAX:XIP,XIP,…`, the latter ascending between the former. */
function isSnapshot(text: string): boolean {
  if (!/^\d{1,19}:\d{1,19}:(\d{1,19}(,\d{1,19})*)?$/.test(text)) return false;
  const [low = '', high = '', between = ''] = text.split(':');
  const inOrder = [low, ...(between === '' ? [] : between.split(','))].map(BigInt);
  const ascends = inOrder.every((xid, at) => at < 2 || xid > (inOrder[at - 1] ?? 0n));
  return BigInt(low) <= BigInt(high) && ascends && inOrder.every((xid, at) => xid >= BigInt(low) && (at === 0 || xid < BigInt(high)));
}

export function movedQuery(text: string | undefined, limit: number): Query<MovedRow, Moved> {
  const asked = text === undefined ? undefined : placeOf(text);
  const only = (rows: readonly MovedRow[], pair: Pair): Moved => {
    return { ...pair, until: `${rows[0]?.present}~${pair.epoch}`, more: false, purged: text !== undefined, heads: [], concerns: [] };
  };
  if (!asked) return { text: onlyUntil, parameters: [], answer: only };
  const { epoch, place } = asked;
  return {
    text: since,
    parameters: [place.snapshot, place.target ?? null, place.xid, place.ord, limit],
    answer: (rows, pair) => (epoch !== pair.epoch || rows[0]?.gone === true ? only(rows, pair) : answerOf(rows, pair, place)),
  };
}

function answerOf(rows: readonly MovedRow[], pair: Pair, place: Place): Moved {
  const { target = '', stops = false, newer = false, upto = null } = rows[0] ?? {};
  const heads = new Map<string, { channel: string; head: number; n: number }>();
  const concerns: { channel: string; header: Header }[] = [];
  for (const { channel, head, n, rest, own_offset, own_n, ts } of rows) {
    if (channel === null) continue;
    heads.set(channel, { channel, head, n });
    if (rest !== null) concerns.push({ channel, header: headerOf(rest, own_offset, own_n, ts) });
  }
  // Transactions get their numbers before they get the channel: those of one channel may stand in another order than its events.
  concerns.sort((a, b) => (a.channel === b.channel ? a.header.offset - b.header.offset : a.channel < b.channel ? -1 : 1));
  const until = stops ? `${place.snapshot};${target};${upto}~${pair.epoch}` : `${target}~${pair.epoch}`;
  return { ...pair, until, more: stops || newer, purged: false, heads: [...heads.values()], concerns };
}

function placeOf(text: string): { readonly epoch: string; readonly place: Place } | undefined {
  const [places = '', epoch = ''] = text.split('~');
  const [snapshot = '', target, xid = '0', ord = '0'] = places.split(';');
  if (!isSnapshot(snapshot) || !/^\d+$/.test(xid) || !/^\d+$/.test(ord)) return undefined;
  if (target === undefined) return { epoch, place: { snapshot, xid, ord: Number(ord) } };
  return isSnapshot(target) ? { epoch, place: { snapshot, target, xid, ord: Number(ord) } } : undefined;
}
