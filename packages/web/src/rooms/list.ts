import type { InboxSnapshot } from '@hubbub/client/react/inbox';
import { isChannel } from '@hubbub/protocol/names';
import { useEffect, useMemo } from 'react';
import { titleOf } from '../route.ts';
import { load, save } from '../storage.ts';
import { settleMarks, useMarks } from './kept-marks.ts';
import { unread } from './marks.ts';

/** A room or board in the column of rooms. */
export interface Listed {
  readonly channel: string;
  readonly title: string;
  /** Messages that were not seen yet; the open room has none: the timeline counts what is below. */
  readonly unread: number;
}

/** The channels that are mine, and the one that is open, by name: rooms first. Before the server has told, those of the last time. */
export function useList(inbox: InboxSnapshot, open: string | undefined): readonly Listed[] {
  const marks = useMarks();
  const { told, channels } = inbox;

  useEffect(() => settleMarks(inbox), [inbox]);
  useEffect(() => {
    if (told) save('rooms', [...channels.keys()].join(' '));
  }, [told, channels]);

  return useMemo(() => {
    const mine = told ? [...channels.keys()] : (load('rooms') ?? '').split(' ');
    const names = new Set([...mine, ...(open === undefined ? [] : [open])].filter(isListed));
    const listed = [...names].map((channel) => {
      const entry = channels.get(channel);
      const count = entry && channel !== open && isRoom(channel) ? unread(marks, channel, entry.n) : 0;
      return { channel, title: titleOf(channel), unread: count };
    });
    return listed.sort((a, b) => Number(isRoom(b.channel)) - Number(isRoom(a.channel)) || a.title.localeCompare(b.title));
  }, [told, channels, open, marks]);
}

/** The next channel with something unread, from the open one on, up or down and around. */
export function nextUnread(list: readonly Listed[], open: string | undefined, step: 1 | -1): string | undefined {
  const from = list.findIndex(({ channel }) => channel === open);
  const start = from < 0 && step < 0 ? 0 : from;
  for (let by = 1; by <= list.length; by++) {
    const at = (start + step * by + list.length * 2) % list.length;
    const one = list[at];
    if (one && one.unread > 0) return one.channel;
  }
  return undefined;
}

export function isRoom(channel: string): boolean {
  return channel.startsWith('room:');
}

function isListed(channel: string): boolean {
  return isChannel(channel) && (isRoom(channel) || channel.startsWith('board:'));
}
