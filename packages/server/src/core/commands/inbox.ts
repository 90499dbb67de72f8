import { Refusal } from '@hubbub/protocol/codes';
import type { InboxCommand } from '@hubbub/protocol/frames';
import type { InboxLink } from '../inbox.ts';
import type { Inboxes } from '../inboxes.ts';
import type { Answer, Caller, CommandParts } from './context.ts';
import { heldFor } from './send.ts';

/** Opens the link's inbox, anew if it has one, or ends it. Throws Refusal: `unavailable`, `conflict` (another command was quicker). */
export async function inbox(
  { inboxes, held }: Pick<CommandParts, 'held'> & { readonly inboxes: Inboxes },
  caller: Caller,
  link: InboxLink,
  { on }: Pick<InboxCommand, 'on'>,
): Promise<Answer<'inbox'>> {
  if (caller.inbox) inboxes.close(caller.inbox);
  caller.inbox = undefined;
  if (!on) return { reply: {} };
  if (held()) throw new Refusal('unavailable', 'the log cannot be seen at the moment', heldFor);
  const opened = await inboxes.open(caller.who, link);
  if (caller.inbox || link.ended) {
    inboxes.close(opened);
    throw new Refusal('conflict', 'asked for again meanwhile');
  }
  caller.inbox = opened;
  return { reply: {}, after: () => opened.begin() };
}
