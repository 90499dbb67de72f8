import { type Client, HubbubError } from '@hubbub/client';
import { type ReactNode, useState } from 'react';
import { create } from '../rooms/create.ts';

interface AbsentProps {
  readonly client: Client;
  readonly channel: string;
  /** What people call it, and what it is. */
  readonly title: string;
  readonly what: 'room' | 'board';
  readonly code: string;
  readonly onMade: () => void;
}

/** A channel that may not be read: for who may, making it is the way in. */
export function Absent({ client, channel, title, what, code, onMade }: AbsentProps): ReactNode {
  const [state, setState] = useState<{ readonly busy: boolean; readonly trouble?: string }>({ busy: false });
  if (code !== 'forbidden') {
    return (
      <p className="empty">
        {title} cannot be read ({code}). Nothing was lost; choose another room.
      </p>
    );
  }
  const onCreate = (): void => {
    setState({ busy: true });
    create(client, channel).then(onMade, (error: unknown) => {
      setState({ busy: false, trouble: error instanceof HubbubError ? error.message : String(error) });
    });
  };
  return (
    <div className="empty">
      <p>
        There is no {what} called <b>{title}</b> yet. Whoever creates it is in it, and everybody on this server can find it.
      </p>
      <button type="button" className="action" disabled={state.busy} onClick={onCreate}>
        Create {title}
      </button>
      {state.trouble !== undefined && (
        <p className="failure" role="alert">
          It was not created: {state.trouble}.
        </p>
      )}
    </div>
  );
}
