import { encodeName, isUser } from '@hubbub/protocol/names';
import { makeToken, StartError } from '@hubbub/server/main';
import { CommandError } from '../fail.ts';

/** Prints a token for a user, made with the local secret. */
export async function token({ sub, data }: { sub: string; data: string }): Promise<void> {
  const user = isUser(sub) ? sub : encodeName(sub);
  if (!isUser(user)) throw new CommandError(`--sub ${sub}: a user's name has 1 to 128 bytes once encoded, and no control characters`, 2);
  try {
    process.stdout.write(`${await makeToken(data, user)}\n`);
  } catch (error) {
    throw error instanceof StartError ? new CommandError(error.message, error.exitCode) : error;
  }
}
