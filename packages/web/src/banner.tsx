import type { Client, Status } from '@hubbub/client';
import { platformEnv } from '@hubbub/client/platform/env';
import { type ReactNode, useEffect, useState } from 'react';
import { askAgain } from './session.ts';

interface BannerProps {
  readonly client: Client;
  readonly status: Status;
  /** How many of our messages (or strokes) wait to be sent. */
  readonly waiting: number;
  readonly what?: 'message' | 'stroke';
}

/** The truth about what is on the screen, in one line; empty when it is what was said last. */
export function Banner({ client, status, waiting, what = 'message' }: BannerProps): ReactNode {
  const own = waiting === 1 ? `your ${what}` : `your ${waiting} ${what}s`;
  return (
    <div className="banner" role="status" aria-live="polite" data-status={status.state}>
      <Line client={client} status={status} />
      {waiting > 0 && (status.state === 'reconnecting' || status.state === 'connecting') && <span>{own} will be sent</span>}
      {waiting > 0 && status.state === 'refused' && (
        <span>
          {own} {waiting === 1 ? 'is' : 'are'} kept
        </span>
      )}
    </div>
  );
}

function Line({ client, status }: Pick<BannerProps, 'client' | 'status'>): ReactNode {
  switch (status.state) {
    case 'live':
      return null;
    case 'connecting':
      return <span>connecting</span>;
    case 'reconnecting':
      return <Reconnecting client={client} retryAt={status.retryAt} />;
    case 'catching-up':
      return <span>{status.toGo > 0 ? `catching up, ${status.toGo.toLocaleString()} to go` : 'catching up'}</span>;
    case 'stale':
      return <span>the server cannot see its log at the moment: this may not be the newest, and sending waits</span>;
    case 'refused':
      return <Refused code={status.code} text={status.text} />;
    case 'closed':
      return <span>closed</span>;
  }
}

function Reconnecting({ client, retryAt }: { readonly client: Client; readonly retryAt: number | undefined }): ReactNode {
  const seconds = useSecondsTo(retryAt);
  if (retryAt === undefined) return <span>reconnecting…</span>;
  return (
    <>
      <span>
        {/* Read aloud every second it would drown everything else. */}
        reconnecting <span aria-hidden="true">in {seconds} s</span>
      </span>
      <span>
        <button type="button" className="link" onClick={() => client.reconnect()}>
          try now
        </button>
      </span>
    </>
  );
}

function Refused({ code, text }: { readonly code: string; readonly text: string }): ReactNode {
  if (code === 'upgrade_required') {
    return (
      <>
        <span>this page is older than the server</span>
        <span>
          <button type="button" className="link" onClick={() => location.reload()}>
            load it anew
          </button>
        </span>
      </>
    );
  }
  return (
    <>
      <span>{code === 'unauthorized' ? 'the server does not know you any more' : `the server does not let you in: ${text || code}`}</span>
      <span>
        <button
          type="button"
          className="link"
          onClick={() => askAgain('The server does not know you any more. What you wrote is kept, and is sent once you are in again.')}
        >
          sign in again
        </button>
      </span>
    </>
  );
}

/** The clock by which the client says when it tries again. */
const { now } = platformEnv();

function useSecondsTo(moment: number | undefined): number {
  const [time, setTime] = useState(now);
  useEffect(() => {
    if (moment === undefined) return;
    setTime(now());
    const timer = setInterval(() => setTime(now()), 250);
    return () => clearInterval(timer);
  }, [moment]);
  return Math.max(1, Math.ceil(((moment ?? time) - time) / 1_000));
}
