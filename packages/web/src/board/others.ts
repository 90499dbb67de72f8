import type { Channel } from '@hubbub/client/react/channel';
import { useSignals } from '@hubbub/client/react/signals';
import { useEffect, useRef, useState } from 'react';
import { drawingOf, type Stroke } from './stroke.ts';

/** Somebody else's pen, as it was last told. */
export interface Other {
  readonly user: string;
  readonly at: readonly [x: number, y: number];
  readonly heardAt: number;
  readonly faded: boolean;
  /** What it draws, or has drawn and the log may not have yet; and when that was told. */
  readonly stroke: Stroke | undefined;
  readonly drawnAt: number;
}

/** Milliseconds without a word until a pen fades, and until it is gone, and what it was drawing with it. */
const fades = 3_000;
const goes = 3_200;
const tick = 200;

/** Where the others' pens are, and what they have drawn that is not finished. Renders at most once per animation frame. */
export function useOthers(channel: Pick<Channel<unknown>, 'onSignal'>): readonly Other[] {
  const [others, setOthers] = useState<ReadonlyMap<string, Other>>(new Map());
  const news = useRef(new Map<string, Other>());
  const frame = useRef(0);

  useSignals(channel, ({ kind, from, body }) => {
    const drawing = kind === 'drawing' ? drawingOf(body) : undefined;
    if (!drawing) return;
    const { at, stroke } = drawing;
    const now = Date.now();
    const before = news.current.get(from) ?? others.get(from);
    // A pen that is lifted says so before its stroke has gone through the log: it must not vanish between.
    const drawn = stroke ? { stroke, drawnAt: now } : { stroke: before?.stroke, drawnAt: before?.drawnAt ?? now };
    news.current.set(from, { user: from, at, heardAt: now, faded: false, ...drawn });
    if (frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      const told = news.current;
      news.current = new Map();
      setOthers((before) => new Map([...before, ...told]));
    });
  });

  useEffect(
    () => () => {
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    },
    [],
  );
  const some = others.size > 0;
  useEffect(() => {
    if (!some) return;
    const timer = setInterval(() => setOthers((before) => aged(before, Date.now())), tick);
    return () => clearInterval(timer);
  }, [some]);

  return [...others.values()];
}

/** What of it still holds; the same map where nothing has grown old. */
export function aged(others: ReadonlyMap<string, Other>, now: number): ReadonlyMap<string, Other> {
  const next = new Map<string, Other>();
  let changed = false;
  for (const [user, other] of others) {
    const faded = now - other.heardAt >= fades;
    const stroke = now - other.drawnAt >= goes ? undefined : other.stroke;
    const gone = now - other.heardAt >= goes;
    changed ||= gone || faded !== other.faded || stroke !== other.stroke;
    if (!gone) next.set(user, { ...other, faded, stroke });
  }
  return changed ? next : others;
}
