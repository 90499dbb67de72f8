import type { UnsubscribeCommand } from '@hubbub/protocol/frames';
import type { Answer, Caller } from './context.ts';

/** Ends subscriptions. A channel that there is none of is ended already. */
export function unsubscribe({ feed }: Caller, { channels }: Pick<UnsubscribeCommand, 'channels'>): Answer<'unsubscribe'> {
  for (const channel of channels) feed.close(channel);
  return { reply: {} };
}
