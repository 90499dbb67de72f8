import type { Client } from '@hubbub/client';
import { platformEnv } from '@hubbub/client/platform/env';
import type { InboxSnapshot } from '@hubbub/client/react/inbox';
import { uuidv7 } from '@hubbub/protocol/id';
import { useEffect, useState } from 'react';
import { justMade } from './create.ts';

export interface Membership {
  /** Undefined: not known yet. What one has just asked for counts as done. */
  readonly joined: boolean | undefined;
  readonly join: () => void;
  readonly leave: () => void;
  /** Whoever says something is in it. Call it right before: the log has both in this order. */
  readonly joinToSpeak: () => void;
}

/** Whether a channel is one of mine, as the inbox says. */
export function useMembership(client: Client, channel: string, { told, channels }: InboxSnapshot): Membership {
  const is = told ? channels.has(channel) : undefined;
  const [wish, setWish] = useState(justMade.has(channel) ? true : undefined);
  if (wish !== undefined && wish === is) setWish(undefined);
  const joined = wish ?? is;
  useEffect(() => {
    if (is) justMade.delete(channel);
  }, [is, channel]);

  const change = (joins: boolean): void => {
    setWish(joins);
    const id = uuidv7(platformEnv());
    client.send(channel, { id, kind: joins ? 'join' : 'leave', body: null }).catch(() => {
      // It was so already: the inbox says how it is.
      client.discard(id);
      setWish(undefined);
    });
  };

  return {
    joined,
    join: () => change(true),
    leave: () => change(false),
    joinToSpeak: () => {
      if (!joined) change(true);
    },
  };
}
