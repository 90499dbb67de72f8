import { Refusal } from '@hubbub/protocol/codes';
import type { TrimCommand } from '@hubbub/protocol/frames';
import { isChannel } from '@hubbub/protocol/names';
import { parsePosition } from '@hubbub/protocol/position';
import type { Pair, Store } from '../../store/store.ts';
import type { AdminLink } from '../works.ts';
import type { AdminParts, Answer, Caller } from './context.ts';
import { heldFor } from './send.ts';

/** Drops what is below a position. Throws Refusal: `forbidden`, `bad_channel`, `bad_position`, `closing`, `unavailable`. */
export function trim(
  { works, history, held }: Pick<AdminParts, 'works' | 'history' | 'held'>,
  { who }: Pick<Caller, 'who'>,
  link: AdminLink,
  { req, channel, before }: Pick<TrimCommand, 'req' | 'channel' | 'before'>,
): Promise<Answer<'trim'>> {
  return works.run(who, link, req, async () => {
    if (held()) throw new Refusal('unavailable', 'the log cannot be seen at the moment', heldFor);
    return { reply: await trimBelow((call) => history.ask(call), channel, before) };
  });
}

/** How the store is called: by a node through its history, else directly. */
export type Ask = <Result extends Pair>(call: (store: Store) => Promise<Result>) => Promise<Result>;

/**
 * Drops the events of a channel below the position `before`. What is dropped is gone for good, so nothing is guessed: a position of
 * another history, or beyond the log, may have been meant for something else. Throws Refusal: `bad_channel`, `bad_position`; StoreError.
 */
export async function trimBelow(ask: Ask, channel: string, before: string): Promise<{ first: number }> {
  if (!isChannel(channel)) throw new Refusal('bad_channel', 'this is no name of a channel');
  const position = parsePosition(before);
  if (position?.epoch === undefined || position.offset < 1) {
    throw new Refusal('bad_position', 'the first event to keep is named by its position, OFFSET~EPOCH, the offset from 1 on');
  }
  const { epoch, heads } = await ask((store) => store.heads([channel]));
  const { head, first } = heads[0] ?? { head: 0, first: 1 };
  if (position.epoch !== epoch) throw new Refusal('bad_position', `this position is of another history; the present one is ${epoch}`);
  if (position.offset > head + 1) throw new Refusal('bad_position', `this position is beyond the log, which ends at ${head}~${epoch}`);
  await ask((store) => store.trim(channel, position.offset));
  return { first: Math.max(first, position.offset) };
}
