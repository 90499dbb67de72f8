import { Refusal } from '@hubbub/protocol/codes';
import type { PresenceCommand, PresenceReply } from '@hubbub/protocol/frames';
import { isChannel, isUser } from '@hubbub/protocol/names';
import type { Listed } from '../presence.ts';
import type { Answer, Caller, PassingCommandParts } from './context.ts';
import { heldFor } from './send.ts';

/** One who is being asked about is soon told. */
const askedAboutFor = 100;

/**
 * Tells who is there, and from then on who comes and goes; or no more. Throws Refusal: `bad_channel`, `bad_name`, `bad_command`,
 * `not_supported`, `unavailable` (held, or being asked about), `forbidden`.
 */
export function presence(
  { passing, held }: Pick<PassingCommandParts, 'passing' | 'held'>,
  { feed, attendance }: Pick<Caller, 'feed' | 'attendance'>,
  { channel, on, after }: Omit<PresenceCommand, 'req' | 'cmd'>,
): Answer<'presence'> {
  if (!isChannel(channel)) throw new Refusal('bad_channel', 'this is no name of a channel');
  if (after !== undefined && !isUser(after)) throw new Refusal('bad_name', 'this is no name of a user');
  if (after !== undefined && !on) throw new Refusal('bad_command', 'what comes after a name is told to those who are told');
  const subscription = feed.subscriptions.get(channel);
  if (!on) {
    if (subscription) attendance.unwatch(subscription);
    return { reply: {} };
  }
  if (!passing.presence) throw new Refusal('not_supported', 'this server does not tell who is there');
  if (held()) throw new Refusal('unavailable', 'the log cannot be seen at the moment', heldFor);
  if (!subscription) throw new Refusal('forbidden', 'who is there is for those who read the channel');
  if (!subscription.admitted) throw new Refusal('unavailable', 'whether you may read it is being asked', askedAboutFor);
  // Before the list is made: what changes between that and the reply is not to be missed.
  const begin = attendance.watch(subscription, after === undefined);
  return { reply: listed(passing.presence.list(channel, after), attendance.traits.signals), after: begin };
}

/** Who is there, as a reply. `signals`: whether they could come over the asker's link. */
export function listed({ count, crowded, sample, next }: Listed, signals: boolean): PresenceReply {
  const more = { ...(next !== undefined && { next }), ...(crowded && { crowd: true as const }) };
  return { count, sample: [...sample], ...more, signals: signals && !crowded };
}
