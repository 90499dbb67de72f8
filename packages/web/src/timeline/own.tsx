import type { OwnEvent } from '@hubbub/client/react/channel';
import type { ReactNode } from 'react';
import { nameOf } from '../people.ts';
import { Avatar } from './avatar.tsx';
import { Text } from './row.tsx';
import { textOf } from './rows.ts';

interface OwnViewProps {
  readonly event: OwnEvent;
  readonly user: string | undefined;
  /** The first of a group. */
  readonly head: boolean;
  readonly onRetry: (id: string) => void;
  readonly onDiscard: (id: string) => void;
}

/** What we have sent and not read back yet. Whatever went wrong, its text is here. */
export function OwnView({ event, user, head, onRetry, onDiscard }: OwnViewProps): ReactNode {
  const { id, state } = event;
  const error = 'error' in event ? event.error : undefined;
  return (
    // Not read aloud: one has just written it, and hears it when it comes back.
    <li className={head ? 'row head own' : 'row own'} data-id={id} data-own={state} aria-live="off">
      {head && <Avatar user={user ?? '?'} />}
      {head && (
        <p className="who">
          <b className="name">{user === undefined ? 'you' : nameOf(user)}</b>
        </p>
      )}
      <p className="text">
        <Text text={textOf(event.body) ?? ''} />
      </p>
      {state === 'unknown' && <p className="failure">No answer yet; it goes on trying.</p>}
      {state === 'failed' && (
        <p className="failure" role="alert">
          Not sent: {error?.text ?? 'it was refused'}.{' '}
          <button type="button" className="link" onClick={() => onRetry(id)}>
            retry
          </button>{' '}
          <button type="button" className="link" onClick={() => onDiscard(id)}>
            discard
          </button>
        </p>
      )}
    </li>
  );
}
