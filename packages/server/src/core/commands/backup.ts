import { Refusal } from '@hubbub/protocol/codes';
import type { BackupCommand } from '@hubbub/protocol/frames';
import type { AdminLink } from '../works.ts';
import type { AdminParts, Answer, Caller } from './context.ts';

/** From the root on, or from a drive of Windows: anything else would be looked for where the server happens to run. */
const absolute = /^(\/|[A-Za-z]:[\\/])/;

/** Copies the store to a new file. Throws Refusal: `forbidden`, `bad_command`, `not_supported`, `conflict`, `closing`, `unavailable`. */
export function backup(
  { works, powers }: Pick<AdminParts, 'works' | 'powers'>,
  { who }: Pick<Caller, 'who'>,
  link: AdminLink,
  { req, path }: Pick<BackupCommand, 'req' | 'path'>,
): Promise<Answer<'backup'>> {
  return works.run(who, link, req, async (long) => {
    if (!absolute.test(path)) throw new Refusal('bad_command', "path is an absolute one, of the server's machine");
    if (!powers.backup) throw new Refusal('not_supported', 'this store cannot be backed up from here');
    const { bytes } = await powers.backup.backup(path, long);
    return { reply: { path, bytes } };
  });
}
