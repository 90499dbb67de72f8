import type { Signal } from '@hubbub/client';
import type { Channel } from '@hubbub/client/react/channel';
import { useSignals } from '@hubbub/client/react/signals';
import { useEffect, useRef, useState } from 'react';
import type { Row } from '../timeline/rows.ts';

/** Milliseconds: for so long it is believed, and so often it is said at most. */
const believed = 5_000;
const pace = 3_000;

export interface Typing {
  /** Who is typing, whoever has begun first first; never oneself. */
  readonly users: readonly string[];
  /** Something was typed. */
  readonly onType: () => void;
  /** It was sent: the next word is news again. */
  readonly onSent: () => void;
}

export function useTyping(channel: Pick<Channel<Row>, 'items' | 'signal' | 'onSignal'>, user: string | undefined): Typing {
  const [until, setUntil] = useState<ReadonlyMap<string, number>>(new Map());
  const saidAt = useRef(Number.NEGATIVE_INFINITY);
  const readTo = useRef(0);
  const { items, signal } = channel;

  useSignals(channel, ({ kind, from }: Signal) => {
    if (kind === 'typing' && from !== user) setUntil((before) => new Map(before).set(from, Date.now() + believed));
  });

  useEffect(() => {
    if (until.size === 0) return;
    const timer = setTimeout(() => setUntil(without(until, (_, end) => end <= Date.now())), Math.min(...until.values()) - Date.now());
    return () => clearTimeout(timer);
  }, [until]);

  useEffect(() => {
    const spoken = new Set<string>();
    for (let at = items.length - 1; at >= 0; at--) {
      const row = items[at];
      if (!row || row.offset <= readTo.current) break;
      spoken.add(row.from);
    }
    readTo.current = items.at(-1)?.offset ?? 0;
    if (spoken.size > 0) setUntil((before) => without(before, (from) => spoken.has(from)));
  }, [items]);

  return {
    users: [...until.keys()],
    onType: () => {
      if (Date.now() - saidAt.current < pace) return;
      saidAt.current = Date.now();
      signal('typing', null);
    },
    onSent: () => {
      saidAt.current = Number.NEGATIVE_INFINITY;
    },
  };
}

/** The same map where nothing goes. */
function without<Value>(map: ReadonlyMap<string, Value>, goes: (key: string, value: Value) => boolean): ReadonlyMap<string, Value> {
  const kept = [...map].filter(([key, value]) => !goes(key, value));
  return kept.length === map.size ? map : new Map(kept);
}
