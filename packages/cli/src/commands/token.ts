import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeName, isUser } from '@hubbub/protocol/names';
import { guestToken } from '@hubbub/server/auth/guest';
import { CommandError } from '../fail.ts';

/** Prints a token for a user, made with the local secret. */
export async function token({ sub, data }: { sub: string; data: string }): Promise<void> {
  const user = isUser(sub) ? sub : encodeName(sub);
  if (!isUser(user)) throw new CommandError(`--sub ${sub}: a user's name has 1 to 128 bytes`, 2);
  const file = join(data, 'secret');
  if (!existsSync(file)) throw new CommandError(`${file} is not there: the first start of a server on this folder makes it`);
  process.stdout.write(`${await guestToken(user, readFileSync(file, 'utf8').trim())}\n`);
}
