import { Refusal } from '@hubbub/protocol/codes';
import type { CheckCommand } from '@hubbub/protocol/frames';
import { StoreError } from '../../store/store.ts';
import type { AdminLink } from '../works.ts';
import type { AdminParts, Answer, Caller } from './context.ts';

/**
 * Reads the whole log. A store that is badly damaged has more problems than a link has room for: what finds none is counted, and that is
 * all, so that nothing is kept for a slow reader. Throws Refusal: `forbidden`, `not_supported`, `closing`, `unavailable` (it cannot be read to its end).
 */
export function check(
  { works, powers }: Pick<AdminParts, 'works' | 'powers'>,
  { who }: Pick<Caller, 'who'>,
  link: AdminLink,
  { req }: Pick<CheckCommand, 'req'>,
): Promise<Answer<'check'>> {
  return works.run(who, link, req, async (long) => {
    if (!powers.checkable) throw new Refusal('not_supported', 'this store cannot be checked');
    let problems = 0;
    const report = (text: string): void => {
      problems += 1;
      link.tell({ push: 'problem', req, text });
    };
    try {
      const read = await powers.checkable.check(report, long);
      return { reply: { ...read, problems } };
    } catch (error) {
      // Pages that cannot be read at all end the reading, and what was counted by then is no count.
      throw error instanceof StoreError ? new Refusal('unavailable', `the rest of the store cannot be read: ${error.message}`) : error;
    }
  });
}
