import type { Client } from '@hubbub/client';
import { useInbox } from '@hubbub/client/react/inbox';
import { type ReactNode, useEffect, useEffectEvent, useState } from 'react';
import { BoardPlace } from './board/place.tsx';
import { Room } from './room/room.tsx';
import { Column } from './rooms/column.tsx';
import { Find } from './rooms/find.tsx';
import { unreadNow } from './rooms/kept-marks.ts';
import { nextUnread, useList } from './rooms/list.ts';
import { goTo, pathOf, usePlace } from './route.ts';
import { ownUser, visit } from './session.ts';

const skips = {
  rooms: ['#find', 'Skip to finding a room'],
  room: ['#composer', 'Skip to writing'],
  board: ['#tools', 'Skip to drawing'],
} as const;

/** What is shown to who is signed in: the rooms on the left, and what is open. */
export function Page({ client }: { readonly client: Client }): ReactNode {
  const place = usePlace();
  const open = place.view === 'rooms' ? undefined : place.channel;
  const inbox = useInbox(client);
  const list = useList(inbox, open);
  const user = ownUser(client);
  // Counts how often a channel was made while it was open: it is then opened anew.
  const [made, setMade] = useState(0);
  const shared = { client, inbox, user, onMade: () => setMade(made + 1) };

  useEffect(() => {
    if (open !== undefined) visit(open);
  }, [open]);

  const onKeyDown = useEffectEvent((event: KeyboardEvent): void => {
    if (!event.altKey || event.ctrlKey || event.metaKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    const counted = list.map(({ channel, n }) => ({ channel, unread: unreadNow(channel, n) }));
    const next = nextUnread(counted, open, event.key === 'ArrowDown' ? 1 : -1);
    if (next !== undefined) goTo(pathOf(next));
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKeyDown(event);
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);

  return (
    <div className="page" data-view={place.view}>
      <a className="skip" href={skips[place.view][0]}>
        {skips[place.view][1]}
      </a>
      <Column list={list} inbox={inbox} open={open} user={user} />
      {place.view === 'rooms' && <Find client={client} inbox={inbox} />}
      {place.view === 'room' && <Room key={`${place.channel} ${made}`} channel={place.channel} {...shared} />}
      {place.view === 'board' && <BoardPlace key={`${place.channel} ${made}`} channel={place.channel} {...shared} />}
    </div>
  );
}
