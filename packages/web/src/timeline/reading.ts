import type { Channel } from '@hubbub/client/react/channel';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { type Edge, useEarlier } from './earlier.ts';
import { type Row, rowsAbove, rowsBelow } from './rows.ts';
import { above, extended, following, type Held, isHeldBelow, isNewest, shiftedBelow, shiftedDown, shiftedUp } from './window.ts';

/** Where the reader is: at the newest rows, which the page then follows, or further up, where nothing moves unless he scrolls. */
export interface Reading {
  /** What is on the page. */
  readonly rows: Held;
  readonly follows: boolean;
  /** So much of what was said has not been on the screen yet. */
  readonly below: number;
  /** The channel's counter at the last line that has been on the screen; undefined: none has. */
  readonly read: number | undefined;
  /** What is known of what stands above the rows. */
  readonly edge: Edge;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly content: RefObject<HTMLDivElement | null>;
  readonly onScroll: () => void;
  readonly toNewest: () => void;
}

/** Rows come and go while there is still so much to scroll, in pixels. */
const near = 500;
/** So close to the end is at the end. */
const slack = 8;

type Change = (held: Held, items: readonly Row[]) => Held;

export function useReading({ items, generation, page }: Pick<Channel<Row>, 'items' | 'generation' | 'page'>): Reading {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  /** Where it was scrolled to last, by us or by the reader. */
  const top = useRef(0);
  const [held, setHeld] = useState<Held>();
  const [seen, setSeen] = useState(0);
  const [shown, setShown] = useState(generation);

  if (shown !== generation) {
    setShown(generation);
    setHeld(undefined);
  } else if (held) {
    const more = extended(held, items);
    if (more !== held) setHeld(more);
  }
  const rows = held ?? following(items);
  const newest = items.at(-1);
  /** A page may come after many renders. */
  const latest = useRef({ rows, items, follows: !held });
  latest.current = { rows, items, follows: !held };
  const earlier = useEarlier(page, generation);

  const pin = useCallback((): void => {
    const element = scroller.current;
    if (!element) return;
    element.scrollTop = element.scrollHeight;
    top.current = element.scrollTop;
  }, []);
  // After every render: whatever has changed may have changed heights.
  useLayoutEffect(() => {
    if (!held) pin();
  });
  useEffect(() => {
    if (held || !scroller.current || !content.current) return;
    // A window that becomes narrower, a keyboard that comes up, a composer that grows.
    const observer = new ResizeObserver(pin);
    observer.observe(scroller.current);
    observer.observe(content.current);
    return () => observer.disconnect();
  }, [held, pin]);

  const toNewest = (): void => setHeld(undefined);

  /** Changes the rows so that what is on the screen stays where it is, to the pixel. Says whether anything changed. */
  const shift = (element: HTMLElement, change: Change): boolean => {
    const { rows, items } = latest.current;
    const next = change(rows, items);
    if (next === rows) return false;
    const anchor = inTheMiddle(element);
    const before = anchor?.getBoundingClientRect().top ?? 0;
    flushSync(() => setHeld(next));
    element.scrollTop += (anchor?.getBoundingClientRect().top ?? before) - before;
    top.current = element.scrollTop;
    return true;
  };

  const up = (element: HTMLElement): void => {
    if (shift(element, shiftedUp)) return;
    const first = latest.current.rows[0];
    if (!first) return;
    earlier.fetch('before', first.offset, (events) => {
      // Whoever has gone to the newest meanwhile, or to another place, does not want it any more.
      if (latest.current.follows || latest.current.rows[0]?.offset !== first.offset) return;
      shift(element, (held) => above(held, rowsAbove(events, held[0] ?? first)));
      if (element.scrollTop < near) up(element);
    });
  };

  const down = (element: HTMLElement): void => {
    if (shift(element, shiftedDown)) return;
    const last = latest.current.rows.at(-1);
    if (!last || isHeldBelow(latest.current.rows, latest.current.items)) return;
    earlier.fetch('after', last.offset, (events) => {
      if (latest.current.follows || latest.current.rows.at(-1)?.offset !== last.offset) return;
      shift(element, (held) => shiftedBelow(held, rowsBelow(events, held.at(-1) ?? last)));
    });
  };

  const onScroll = (): void => {
    const element = scroller.current;
    if (!element) return;
    const wasAt = top.current;
    top.current = element.scrollTop;
    const rest = element.scrollHeight - element.clientHeight - element.scrollTop;
    if (!held) {
      // Only a way up is a wish to read further up: the end also comes nearer when rows above it go.
      if (element.scrollTop >= wasAt - 1 || rest <= 1) return;
      setHeld(rows);
      latest.current = { rows, items, follows: false };
      setSeen(rows.at(-1)?.n ?? 0);
    } else if (rest <= slack && element.scrollTop >= wasAt && isNewest(held, items)) return toNewest();
    else setSeen(Math.max(seen, lastVisible(element, rows)?.n ?? 0));
    if (element.scrollTop < near) up(element);
    else if (rest < near) down(element);
  };

  const count = held && newest ? Math.max(0, newest.n - seen) : 0;
  const read = held ? seen : newest?.n;
  return { rows, follows: !held, below: count, read, edge: earlier.edge, scroller, content, onScroll, toNewest };
}

function rowElements(element: HTMLElement): HTMLElement[] {
  return [...element.querySelectorAll<HTMLElement>('.row[data-offset]')];
}

/** The row that is read: at the edges a row may become smaller, when what comes above it has said its name and day already. */
function inTheMiddle(element: HTMLElement): HTMLElement | undefined {
  const { top, height } = element.getBoundingClientRect();
  return lastAbove(rowElements(element), top + height / 2);
}

/** The last row of which something is on the screen. */
function lastVisible(element: HTMLElement, rows: Held): Row | undefined {
  const offset = Number(lastAbove(rowElements(element), element.getBoundingClientRect().bottom)?.dataset['offset']);
  return rows.find((row) => row.offset === offset);
}

/** The last of the rows that begins above that height. */
function lastAbove(elements: readonly HTMLElement[], y: number): HTMLElement | undefined {
  let from = 0;
  let to = elements.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((elements[middle]?.getBoundingClientRect().top ?? 0) < y) from = middle + 1;
    else to = middle;
  }
  return elements[from - 1];
}
