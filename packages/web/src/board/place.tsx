import { useStatus } from '@hubbub/client/react/status';
import { type ComponentType, type ReactNode, useEffect, useState } from 'react';
import { Banner } from '../banner.tsx';
import type { Opened } from '../opened.ts';
import { titleOf } from '../route.ts';

type Board = ComponentType<Opened>;

/** Where a board will be: what draws is fetched when the first one is opened. */
export function BoardPlace(props: Opened): ReactNode {
  const [Board, setBoard] = useState<Board>();
  const [tries, setTries] = useState(1);
  const [failed, setFailed] = useState(0);

  useEffect(() => {
    let here = true;
    import('./board.tsx').then(
      ({ Board }) => here && setBoard(() => Board),
      () => here && setFailed(tries),
    );
    return () => {
      here = false;
    };
  }, [tries]);

  if (Board) return <Board {...props} />;
  return <NotYet {...props} failed={failed === tries} onRetry={() => setTries(tries + 1)} />;
}

interface NotYetProps extends Opened {
  readonly failed: boolean;
  readonly onRetry: () => void;
}

function NotYet({ client, channel, failed, onRetry }: NotYetProps): ReactNode {
  const status = useStatus(client);
  return (
    <main className="room">
      <header>
        <h1>{titleOf(channel)}</h1>
        <Banner client={client} status={status} waiting={0} />
      </header>
      {failed && (
        <p className="empty" role="alert">
          What draws a board could not be fetched from the server.{' '}
          <button type="button" className="link" onClick={onRetry}>
            try again
          </button>
        </p>
      )}
    </main>
  );
}
