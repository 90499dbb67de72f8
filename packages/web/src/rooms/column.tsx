import type { InboxSnapshot } from '@hubbub/client/react/inbox';
import { Brush, Hash, Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { nameOf } from '../people.ts';
import { follow, pathOf, pathOfRooms } from '../route.ts';
import { signOut, unsent } from '../session.ts';
import { Avatar } from '../timeline/avatar.tsx';
import { useUnread } from './kept-marks.ts';
import { isRoom, type Listed } from './list.ts';

interface ColumnProps {
  readonly list: readonly Listed[];
  readonly inbox: InboxSnapshot;
  /** The channel that is open. */
  readonly open: string | undefined;
  readonly user: string | undefined;
}

/** The column on the left: where one can go, and who one is. */
export function Column({ list, inbox, open, user }: ColumnProps): ReactNode {
  const rooms = list.filter(({ channel }) => isRoom(channel));
  const boards = list.filter(({ channel }) => !isRoom(channel));
  const isMine = (channel: string): boolean => !inbox.told || inbox.channels.has(channel);
  return (
    <nav className="rooms" aria-label="Rooms">
      <p className="brand">Hubbub</p>
      <div className="mine">
        <ul>
          {rooms.map((one) => (
            <Entry key={one.channel} {...one} open={one.channel === open} mine={isMine(one.channel)} />
          ))}
        </ul>
        {boards.length > 0 && <p className="group">Boards</p>}
        <ul>
          {boards.map((one) => (
            <Entry key={one.channel} {...one} open={one.channel === open} mine={isMine(one.channel)} />
          ))}
        </ul>
        <a
          className="entry find"
          href={pathOfRooms}
          aria-current={open === undefined ? 'page' : undefined}
          onClick={(event) => follow(event, pathOfRooms)}
        >
          <Plus size={16} aria-hidden="true" />
          <span className="title">Find or create a room</span>
        </a>
      </div>
      {user !== undefined && (
        <div className="self">
          <Avatar user={user} />
          <span className="name">{nameOf(user)}</span>
          <SignOut />
        </div>
      )}
    </nav>
  );
}

type EntryProps = Listed & { readonly open: boolean; readonly mine: boolean };

function Entry({ channel, title, n, open, mine }: EntryProps): ReactNode {
  const unread = useUnread(channel, n);
  const path = pathOf(channel);
  const Sign = isRoom(channel) ? Hash : Brush;
  return (
    <li>
      <a
        className="entry"
        href={path}
        aria-current={open ? 'page' : undefined}
        data-unread={unread > 0 ? unread : undefined}
        data-mine={mine}
        title={mine ? title : `${title}: you have not joined`}
        onClick={(event) => follow(event, path)}
      >
        <Sign size={16} aria-hidden="true" />
        <span className="title">{title}</span>
        {unread > 0 && (
          <span className="badge" title={`${unread.toLocaleString()} unread`}>
            {unread > 999 ? '999+' : unread}
            <span className="unseen"> unread</span>
          </span>
        )}
      </a>
    </li>
  );
}

function SignOut(): ReactNode {
  const [lost, setLost] = useState(0);
  // What is not sent yet goes with it: that wants to be said twice.
  const onClick = (): void => (unsent() > lost ? setLost(unsent()) : signOut());
  return (
    <button type="button" className="link" onClick={onClick} onBlur={() => setLost(0)} title="Forgets on this browser who you are">
      {lost === 0 ? 'sign out' : `lose ${lost} unsent?`}
    </button>
  );
}
