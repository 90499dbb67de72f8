import { bodyText } from '@hubbub/protocol/body';
import { Refusal } from '@hubbub/protocol/codes';
import type { SignalCommand } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { isChannel, isKind } from '@hubbub/protocol/names';
import type { Answer, Caller, PassingCommandParts } from './context.ts';
import { heldFor } from './send.ts';

/**
 * Tells whoever reads the channel now, and nobody else ever. Throws Refusal: `bad_channel`, `bad_kind`, `bad_body`, `too_large`,
 * `unavailable` (held), `forbidden`, `not_supported` (too many are there), `too_fast`.
 */
export function signal(
  { env, passing, held }: PassingCommandParts,
  { feed, session, attendance }: Pick<Caller, 'feed' | 'session' | 'attendance'>,
  { channel, kind, body }: Omit<SignalCommand, 'req' | 'cmd'>,
): Answer<'signal'> {
  if (!isChannel(channel)) throw new Refusal('bad_channel', 'this is no name of a channel');
  if (!isKind(kind)) throw new Refusal('bad_kind', 'a kind is 1 to 32 of a-z 0-9 . _ -, a letter first');
  const text = bodyText(body, limits.signalBytes);
  if (held()) throw new Refusal('unavailable', 'the log cannot be seen at the moment', heldFor);
  if (!feed.subscriptions.get(channel)?.admitted) throw new Refusal('forbidden', 'signals are for those who read the channel');
  if (passing.presence?.crowd(channel).crowded) {
    env.count('signal_off');
    throw new Refusal('not_supported', 'too many are there for signals');
  }
  const wait = session.signals.take(env.now());
  if (wait > 0) {
    env.count('signal_put_off');
    throw new Refusal('too_fast', `at most ${limits.signalsPerSecond} signals a second`, Math.ceil(wait));
  }
  passing.signals.give({ channel, from: attendance.member, kind, body: text });
  return { reply: {} };
}
