import { joined, type Row } from './rows.ts';

/** So many rows follow the newest, and so many more come at once when one scrolls; there are never more than `most` on the page. */
export const newest = 120;
export const step = 60;
export const most = 200;

/** The rows on the page of one who reads further up: they stay, whatever comes, even when the room has let go of them. */
export type Held = readonly Row[];

/** What is on the page of one who follows the newest. */
export function following(items: readonly Row[]): Held {
  return items.slice(-newest);
}

/** Adds, below, what has come since, as long as there is room: nothing that is on the page moves. */
export function extended(held: Held, items: readonly Row[]): Held {
  const after = held.length < most ? next(held, items) : -1;
  return after < 0 || after >= items.length ? held : below(held, items.slice(after, after + most - held.length));
}

/** A step up: older rows come, rows far below go. The same rows where nothing older is held. */
export function shiftedUp(held: Held, items: readonly Row[]): Held {
  const first = held[0];
  const at = first ? indexOf(items, first.seq) : -1;
  if (at <= 0) return held;
  return above(held, items.slice(Math.max(0, at - step), at));
}

/** A step down. The same rows where what comes next is not held, or not said yet. */
export function shiftedDown(held: Held, items: readonly Row[]): Held {
  const after = next(held, items);
  return after < 0 || after >= items.length ? held : below(held, items.slice(after, after + step)).slice(-most);
}

/** Rows from elsewhere come above; rows far below go. */
export function above(held: Held, older: readonly Row[]): Held {
  const [first, ...rest] = held;
  if (!first || older.length === 0) return held;
  return [...older, joined(first, older.at(-1)), ...rest].slice(0, most);
}

/** Rows from elsewhere come below; rows far above go. */
export function shiftedBelow(held: Held, newer: readonly Row[]): Held {
  return below(held, newer).slice(-most);
}

function below(held: Held, newer: readonly Row[]): Held {
  const [first, ...rest] = newer;
  return first ? [...held, joined(first, held.at(-1)), ...rest] : held;
}

/** Whether the room holds what comes next, or there is nothing that does. */
export function isHeldBelow(held: Held, items: readonly Row[]): boolean {
  return next(held, items) >= 0;
}

/** Whether nothing newer than these rows is held. */
export function isNewest(held: Held, items: readonly Row[]): boolean {
  return held.at(-1)?.seq === items.at(-1)?.seq;
}

/** How many events stood between two rows of the page and are on it no more. */
export function missingBetween(above: Row | undefined, row: Row): number {
  return above === undefined || row.seq === above.seq + 1 ? row.missing : row.offset - above.offset - 1;
}

/** Where in `items` the row after the last of `held` stands; -1 where the room has let go of it. */
function next(held: Held, items: readonly Row[]): number {
  const last = held.at(-1);
  return last ? indexOf(items, last.seq + 1) : 0;
}

/** Rows are numbered without holes. `items.length` stands for the one to come. */
function indexOf(items: readonly Row[], seq: number): number {
  const at = seq - (items[0]?.seq ?? seq);
  return at >= 0 && at <= items.length ? at : -1;
}
