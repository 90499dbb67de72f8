import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { Row } from './rows.ts';
import { extended, following, type Held, isNewest, shiftedDown, shiftedUp } from './window.ts';

/** Where the reader is: at the newest rows, which the page then follows, or further up, where nothing moves unless he scrolls. */
export interface Reading {
  /** What is on the page. */
  readonly rows: Held;
  readonly follows: boolean;
  /** So much of what was said has not been on the screen yet. */
  readonly below: number;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly content: RefObject<HTMLDivElement | null>;
  readonly onScroll: () => void;
  readonly toNewest: () => void;
}

/** Rows come and go while there is still so much to scroll, in pixels. */
const near = 500;
/** So close to the end is at the end. */
const slack = 8;

export function useReading(items: readonly Row[], generation: number): Reading {
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

  /** Changes the rows so that what is on the screen stays where it is, to the pixel. */
  const shift = (element: HTMLElement, change: (held: Held, items: readonly Row[]) => Held, edge: 0 | -1): void => {
    const next = change(rows, items);
    if (next === rows) return;
    const anchor = rowElements(element).at(edge);
    const before = anchor?.getBoundingClientRect().top ?? 0;
    flushSync(() => setHeld(next));
    element.scrollTop += (anchor?.getBoundingClientRect().top ?? 0) - before;
    top.current = element.scrollTop;
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
      setSeen(rows.at(-1)?.n ?? 0);
    } else if (rest <= slack && element.scrollTop >= wasAt && isNewest(held, items)) return toNewest();
    else setSeen(Math.max(seen, lastVisible(element, rows)?.n ?? 0));
    if (element.scrollTop < near) shift(element, shiftedUp, 0);
    else if (rest < near) shift(element, shiftedDown, -1);
  };

  return { rows, follows: !held, below: held && newest ? Math.max(0, newest.n - seen) : 0, scroller, content, onScroll, toNewest };
}

function rowElements(element: HTMLElement): HTMLElement[] {
  return [...element.querySelectorAll<HTMLElement>('.row[data-offset]')];
}

/** The last row of which something is on the screen. */
function lastVisible(element: HTMLElement, rows: Held): Row | undefined {
  const elements = rowElements(element);
  const end = element.getBoundingClientRect().bottom;
  let from = 0;
  let to = elements.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((elements[middle]?.getBoundingClientRect().top ?? 0) < end) from = middle + 1;
    else to = middle;
  }
  const offset = Number(elements[from - 1]?.dataset['offset']);
  return rows.find((row) => row.offset === offset);
}
