import type { EpochCommand } from '@hubbub/protocol/frames';
import type { AdminLink } from '../works.ts';
import type { AdminParts, Answer, Caller } from './context.ts';

/** Begins a new history. Throws Refusal: `forbidden`, `not_supported`, `closing`, `unavailable`. */
export function epoch(
  { works, history }: Pick<AdminParts, 'works' | 'history'>,
  { who }: Pick<Caller, 'who'>,
  link: AdminLink,
  { req }: Pick<EpochCommand, 'req'>,
): Promise<Answer<'epoch'>> {
  return works.run(who, link, req, async () => ({ reply: { epoch: await history.begin() } }));
}
