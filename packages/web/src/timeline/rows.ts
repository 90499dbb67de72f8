import type { Event } from '@hubbub/client';
import { nameOf } from '../people.ts';

/** One event as the timeline shows it. Made once, with regard to what stands above it; never changed. */
export interface Row {
  /** Counts the rows of a room without holes; tells whether two rows follow each other here. */
  readonly seq: number;
  readonly offset: number;
  /** The channel's counter of what counts as said. */
  readonly n: number;
  readonly ts: number;
  readonly from: string;
  /** A `note` is about the room; a `topic` is a note that says what the room is about from then on. */
  readonly kind: 'message' | 'action' | 'note' | 'topic' | 'deleted' | 'other';
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
  const { kind, text } = shownOf(event);
  return joined({ seq: (before?.seq ?? 0) + 1, offset, n, ts, from, kind, text, head: true, newDay: true, missing: 0 }, before);
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

/** Anybody may send any body, and kinds that this page does not know: those are skipped. */
function shownOf({ kind, from, body }: Event): Pick<Row, 'kind' | 'text'> {
  const text = textOf(body);
  switch (kind) {
    case 'message':
    case 'action':
    case 'note':
      return body === null ? { kind: 'deleted', text: '' } : { kind: text === undefined ? 'other' : kind, text: text ?? '' };
    case 'create':
      return { kind: 'note', text: `${nameOf(from)} created this room` };
    case 'join':
      return { kind: 'note', text: `${nameOf(from)} joined` };
    case 'leave':
      return { kind: 'note', text: `${nameOf(from)} left` };
    case 'topic':
      return { kind: 'topic', text: text ? `${nameOf(from)} set the topic: ${text}` : `${nameOf(from)} took the topic away` };
    default:
      return { kind: 'other', text: '' };
  }
}

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
