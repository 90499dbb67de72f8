import type { InboxSnapshot } from '@hubbub/client/react/inbox';
import { isChannel } from '@hubbub/protocol/names';
import { useEffect, useMemo } from 'react';
import { alphabetical } from '../alphabet.ts';
import { titleOf } from '../route.ts';
import { load, save } from '../storage.ts';
import { settleMarks } from './kept-marks.ts';

/** A room or board in the column of rooms. */
export interface Listed {
  readonly channel: string;
  readonly title: string;
  /** Where it stands, of what may be unread there: the open room has nothing, for the timeline counts what is below. */
  readonly n: number | undefined;
}

/** The channels that are mine, and the one that is open, by name: rooms first. Before the server has told, those of the last time. */
export function useList(inbox: InboxSnapshot, open: string | undefined): readonly Listed[] {
  const { told, channels } = inbox;

  useEffect(() => settleMarks(inbox), [inbox]);
  useEffect(() => {
    if (told) save('rooms', [...channels.keys()].join(' '));
  }, [told, channels]);

  return useMemo(() => {
    const mine = told ? [...channels.keys()] : (load('rooms') ?? '').split(' ');
    const names = new Set([...mine, ...(open === undefined ? [] : [open])].filter(isListed));
    const listed = [...names].map((channel) => {
      const n = channel !== open && isRoom(channel) ? channels.get(channel)?.n : undefined;
      return { channel, title: titleOf(channel), n };
    });
    return alphabetical(listed, ({ title }) => title).toSorted((a, b) => Number(isRoom(b.channel)) - Number(isRoom(a.channel)));
  }, [told, channels, open]);
}

/** The next channel with something unread, from the open one on, up or down and around. */
export function nextUnread(
  list: readonly { readonly channel: string; readonly unread: number }[],
  open: string | undefined,
  step: 1 | -1,
): string | undefined {
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
