import { decodeName } from '@hubbub/protocol/names';
import { type MouseEvent, type ReactNode, useRef, useState } from 'react';
import { nameOf } from './people.ts';
import { goTo, pathOfRoom, recentRooms, roomNamed } from './route.ts';
import { signOut, unsent } from './session.ts';
import { Avatar } from './timeline/avatar.tsx';

interface RoomsProps {
  /** The room that is open. */
  readonly room: string;
  readonly user: string | undefined;
}

/** The column on the left: where one can go, and who one is. */
export function Rooms({ room, user }: RoomsProps): ReactNode {
  const names = [...new Set([...recentRooms(), room, 'general'])].sort((a, b) => a.localeCompare(b));
  return (
    <nav className="rooms" aria-label="Rooms">
      <p className="brand">Hubbub</p>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <a href={pathOfRoom(name)} aria-current={name === room ? 'page' : undefined} onClick={(event) => follow(event, name)}>
              {decodeName(name) ?? name}
            </a>
          </li>
        ))}
      </ul>
      <GoTo />
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

function GoTo(): ReactNode {
  const [text, setText] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const room = roomNamed(text);
  const impossible = text.trim() !== '' && room === undefined;
  return (
    <form
      className="go"
      onSubmit={(event) => {
        event.preventDefault();
        if (room === undefined) return;
        setText('');
        goTo(room);
      }}
    >
      <input
        ref={field}
        value={text}
        onChange={(event) => setText(event.target.value)}
        placeholder="Go to a room"
        aria-label="Go to a room"
        aria-invalid={impossible}
        autoCapitalize="none"
        autoComplete="off"
        enterKeyHint="go"
      />
      {impossible && <p className="failure">No room can be called that: it is too long, or only dots.</p>}
    </form>
  );
}

/** A click stays on the page; one that asks for a new tab gets it. */
function follow(event: MouseEvent, room: string): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  goTo(room);
}
