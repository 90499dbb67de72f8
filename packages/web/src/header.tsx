import type { Client, Presence, Status } from '@hubbub/client';
import { ArrowLeft, Brush, Hash, Users } from 'lucide-react';
import type { ReactNode } from 'react';
import { Banner } from './banner.tsx';
import { RoomMenu } from './menu.tsx';
import type { Membership } from './rooms/membership.ts';
import { follow, goToRooms, pathOfRooms } from './route.ts';

interface HeaderProps {
  readonly client: Client;
  readonly status: Status;
  readonly what: 'room' | 'board';
  readonly title: string;
  /** Left out where there is no such channel. */
  readonly there?: There;
  /** How many of our messages, or strokes, wait to be sent. */
  readonly waiting: number;
}

interface There {
  readonly topic: string;
  readonly membership: Membership;
  readonly presence: Presence | undefined;
  readonly onTopic: (text: string) => void;
  /** The list of people: a column that is there or not, or a sheet over the page that its button opens. */
  readonly people:
    | { readonly as: 'column'; readonly open: boolean; readonly toggle: () => void }
    | { readonly as: 'sheet'; readonly id: string };
}

/** The line above a room or a board: what it is, how the link stands, who is there, what one can do with it. */
export function Header({ client, status, what, title, there, waiting }: HeaderProps): ReactNode {
  const Sign = what === 'room' ? Hash : Brush;
  return (
    <header>
      <a className="icon back" href={pathOfRooms} aria-label="All rooms" onClick={(event) => follow(event, pathOfRooms, goToRooms)}>
        <ArrowLeft size={20} aria-hidden="true" />
      </a>
      <div className="about">
        <h1>
          <Sign size={16} aria-hidden="true" />
          <span className="title">{title}</span>
        </h1>
        {there && there.topic !== '' && (
          <p className="topic" title={there.topic}>
            {there.topic}
          </p>
        )}
      </div>
      <Banner client={client} status={status} waiting={waiting} what={what === 'room' ? 'message' : 'stroke'} />
      {there && (
        <div className="actions">
          {there.membership.joined === false && (
            <button type="button" className="action" onClick={there.membership.join}>
              Join
            </button>
          )}
          <PeopleButton presence={there.presence} people={there.people} />
          {there.membership.joined && <RoomMenu topic={there.topic} onTopic={there.onTopic} onLeave={there.membership.leave} />}
        </div>
      )}
    </header>
  );
}

/** So many people; of a crowd, so many sessions. */
export function countOf({ complete, users, count }: Presence): number {
  return complete ? users.size : count;
}

function PeopleButton({ presence, people }: Pick<There, 'presence' | 'people'>): ReactNode {
  const count = presence ? countOf(presence) : undefined;
  const label = count === undefined ? 'Who is here' : `Who is here: ${count.toLocaleString()}`;
  const shared = { type: 'button', className: 'icon who-is-here', 'aria-label': label, title: label } as const;
  const face = (
    <>
      <Users size={18} aria-hidden="true" />
      {count !== undefined && <span>{count.toLocaleString()}</span>}
    </>
  );
  return people.as === 'sheet' ? (
    <button {...shared} popoverTarget={people.id}>
      {face}
    </button>
  ) : (
    <button {...shared} aria-expanded={people.open} onClick={people.toggle}>
      {face}
    </button>
  );
}
