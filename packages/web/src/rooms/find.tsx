import { type Client, type Listed as Found, HubbubError } from '@hubbub/client';
import type { InboxSnapshot } from '@hubbub/client/react/inbox';
import { useStatus } from '@hubbub/client/react/status';
import { Brush, Hash } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { alphabetical } from '../alphabet.ts';
import { Banner } from '../banner.tsx';
import { channelNamed, follow, goTo, pathOf, titleOf } from '../route.ts';
import { create } from './create.ts';
import { isRoom } from './list.ts';

/** So many are on the page; more are found by their name. */
const shown = 200;

interface FindProps {
  readonly client: Client;
  readonly inbox: InboxSnapshot;
}

/** All public rooms and boards, as they were when this was opened; and the way to a new one. */
export function Find({ client, inbox }: FindProps): ReactNode {
  const [text, setText] = useState('');
  const { found, trouble } = usePublic(client);
  const status = useStatus(client);
  const room = channelNamed('room', text);
  const wanted = text.trim().replace(/^#/, '').toLocaleLowerCase();
  const fitting = (found ?? []).filter(({ channel }) => titleOf(channel).toLocaleLowerCase().includes(wanted));
  const isThere = (channel: string): boolean => found?.some((one) => one.channel === channel) ?? false;

  useEffect(() => {
    document.title = 'Rooms · Hubbub';
  }, []);

  return (
    <main className="room finding">
      <header>
        <h1>Rooms and boards</h1>
        <Banner client={client} status={status} waiting={0} />
      </header>
      <div className="found">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (room === undefined) return;
            const board = channelNamed('board', text);
            goTo(pathOf(!isThere(room) && board !== undefined && isThere(board) ? board : room));
          }}
        >
          <input
            id="find"
            value={text}
            onChange={(event) => setText(event.target.value)}
            placeholder="Find one by its name, or name a new one"
            aria-label="Name of a room or board"
            aria-invalid={wanted !== '' && room === undefined}
            autoCapitalize="none"
            autoComplete="off"
            enterKeyHint="go"
            // biome-ignore lint/a11y/noAutofocus: where one comes to look for a name; not on a phone, where a keyboard would cover the list
            autoFocus={!matchMedia('(pointer: coarse)').matches}
          />
        </form>
        {wanted !== '' && room === undefined && <p className="failure">Nothing can be called that: it is too long, or only dots.</p>}
        {found && room !== undefined && <Create client={client} key={room} room={room} isThere={isThere} />}
        {trouble !== undefined && (
          <p className="failure" role="alert">
            The list of rooms cannot be read: {trouble}.
          </p>
        )}
        <ul aria-label="Public rooms and boards">
          {fitting.slice(0, shown).map((one) => (
            <Entry key={one.channel} {...one} mine={inbox.channels.has(one.channel)} />
          ))}
        </ul>
        {fitting.length > shown && <p className="more">{(fitting.length - shown).toLocaleString()} more: name them to see them.</p>}
        {found && fitting.length === 0 && wanted !== '' && <p className="more">Nothing here is called so yet.</p>}
      </div>
    </main>
  );
}

function Entry({ channel, n, mine }: Found & { readonly mine: boolean }): ReactNode {
  const path = pathOf(channel);
  const Sign = isRoom(channel) ? Hash : Brush;
  return (
    <li>
      <a className="entry" href={path} onClick={(event) => follow(event, path)}>
        <Sign size={16} aria-hidden="true" />
        <span className="title">{titleOf(channel)}</span>
        {mine && <span className="tag">joined</span>}
        <span className="count">{isRoom(channel) ? messages(n) : 'board'}</span>
      </a>
    </li>
  );
}

function messages(n: number): string {
  return n === 1 ? '1 message' : `${n.toLocaleString()} messages`;
}

interface CreateProps {
  readonly client: Client;
  readonly room: string;
  readonly isThere: (channel: string) => boolean;
}

function Create({ client, room, isThere }: CreateProps): ReactNode {
  const [state, setState] = useState<{ readonly busy: boolean; readonly trouble?: string }>({ busy: false });
  const title = titleOf(room);
  const board = `board:${room.slice('room:'.length)}`;
  const make = (channel: string): void => {
    setState({ busy: true });
    create(client, channel).then(
      () => goTo(pathOf(channel)),
      (error: unknown) => setState({ busy: false, trouble: error instanceof HubbubError ? error.message : String(error) }),
    );
  };
  return (
    <div className="create">
      {!isThere(room) && (
        <button type="button" className="action" disabled={state.busy} onClick={() => make(room)}>
          Create the room {title}
        </button>
      )}
      {!isThere(board) && (
        <button type="button" className="action quiet" disabled={state.busy} onClick={() => make(board)}>
          Create the board {title}
        </button>
      )}
      {state.trouble !== undefined && (
        <p className="failure" role="alert">
          It was not created: {state.trouble}.
        </p>
      )}
    </div>
  );
}

/** Waits out what passes, for as long as it is looked at. */
function usePublic(client: Client): { readonly found?: readonly Found[]; readonly trouble?: string } {
  const [answer, setAnswer] = useState<{ readonly found?: readonly Found[]; readonly trouble?: string }>({});
  useEffect(() => {
    const abort = new AbortController();
    client.channels('public', { signal: abort.signal }).then(
      (channels) => {
        const found = channels.filter(({ channel }) => /^(room|board):/.test(channel));
        if (!abort.signal.aborted) setAnswer({ found: alphabetical(found, ({ channel }) => titleOf(channel)) });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setAnswer({ trouble: error instanceof HubbubError ? error.message : String(error) });
      },
    );
    return () => abort.abort();
  }, [client]);
  return answer;
}
