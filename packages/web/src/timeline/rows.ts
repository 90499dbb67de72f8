import type { Event } from '@hubbub/client';

/** One event as the timeline shows it. Made once, with regard to what stands above it; never changed. */
export interface Row {
  /** Counts the rows of a room without holes; tells whether two rows follow each other here. */
  readonly seq: number;
  readonly offset: number;
  /** The channel's counter of what counts as said. */
  readonly n: number;
  readonly ts: number;
  readonly from: string;
  readonly kind: 'message' | 'action' | 'note' | 'deleted' | 'other';
  readonly text: string;
  /** The first of a group: shows who and when. */
  readonly head: boolean;
  /** The first of its day, in the reader's time zone. */
  readonly newDay: boolean;
  /** So many events before it are not held here, and never were. */
  readonly missing: number;
}

/** What one person says without a longer pause stands together. */
const pause = 5 * 60_000;

export function rowOf(event: Event, before: Row | undefined): Row {
  const { offset, n, ts, from } = event;
  const text = textOf(event.body);
  const kind = kindOf(event, text);
  return joined({ seq: (before?.seq ?? 0) + 1, offset, n, ts, from, kind, text: text ?? '', head: true, newDay: true, missing: 0 }, before);
}

/** The row as it looks below `above`: whose name is said, whether a day begins, what is missing. The same row where it looks so already. */
export function joined(row: Row, above: Row | undefined): Row {
  const newDay = above === undefined || dayOf(above.ts) !== dayOf(row.ts);
  const missing = above === undefined ? 0 : row.offset - above.offset - 1;
  const goesOn = above !== undefined && !newDay && missing === 0 && above.from === row.from && row.ts - above.ts < pause;
  const head = !(goesOn && isGrouped(row.kind) && isGrouped(above.kind));
  return row.head === head && row.newDay === newDay && row.missing === missing ? row : { ...row, head, newDay, missing };
}

/** Rows of a page whose last event stands right above `below`; they are numbered back from it. */
export function rowsAbove(events: readonly Event[], below: Row): readonly Row[] {
  const rows: Row[] = [];
  for (const event of events) rows.push({ ...rowOf(event, rows.at(-1)), seq: below.seq - events.length + rows.length });
  return rows;
}

/** Rows of a page whose first event stands right below `above`. */
export function rowsBelow(events: readonly Event[], above: Row): readonly Row[] {
  const rows: Row[] = [];
  for (const event of events) rows.push(rowOf(event, rows.at(-1) ?? above));
  return rows;
}

function isGrouped(kind: Row['kind']): boolean {
  return kind === 'message' || kind === 'deleted';
}

function kindOf({ kind, body }: Event, text: string | undefined): Row['kind'] {
  if (body === null) return 'deleted';
  if (text === undefined) return 'other';
  return kind === 'message' || kind === 'action' || kind === 'note' ? kind : 'other';
}

/** Anybody may send any body. */
export function textOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('text' in body)) return undefined;
  return typeof body.text === 'string' ? body.text : undefined;
}

/** A number that differs from day to day. */
export function dayOf(ts: number): number {
  const date = new Date(ts);
  return (date.getFullYear() * 12 + date.getMonth()) * 31 + date.getDate();
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dayAndYear = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

export function clockText(ts: number): string {
  return clock.format(ts);
}

export function momentText(ts: number): string {
  return moment.format(ts);
}

export function dayText(ts: number, now: number): string {
  if (dayOf(ts) === dayOf(now)) return 'Today';
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (dayOf(ts) === dayOf(yesterday.getTime())) return 'Yesterday';
  return new Date(ts).getFullYear() === new Date(now).getFullYear() ? day.format(ts) : dayAndYear.format(ts);
}
