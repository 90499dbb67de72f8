import { encodeName, isUser } from '@hubbub/protocol/names';
import { reservedUsers } from '@hubbub/protocol/people';
import { dataFolder } from '@hubbub/server/config';
import { makeToken, StartError } from '@hubbub/server/main';
import { CommandError } from '../fail.ts';
import { serverRuns } from '../keeper.ts';
import { addressOf, type TargetOptions } from '../target.ts';
import { requestToken } from '../token-request.ts';

export interface TokenOptions extends TargetOptions {
  readonly sub: string;
  /** Seconds; left out: it does not end. */
  readonly expiresIn?: number;
}

/** Prints a token for a user: made by the server, or, where none runs on the folder, with the key that its store keeps. */
export async function token(options: TokenOptions): Promise<void> {
  const { sub, data, expiresIn } = options;
  const user = isUser(sub) ? sub : encodeName(sub);
  if (!isUser(user)) throw new CommandError(`--sub ${sub}: a user's name has 1 to 128 bytes once encoded, and no control characters`, 2);
  if (reservedUsers.has(user)) throw new CommandError(`--sub ${sub}: this is the server's own name; its token is in the data folder`, 2);
  const made = options.url !== undefined || serverRuns(dataFolder(data)) ? ask(options, user) : make(data, user, expiresIn);
  process.stdout.write(`${await made}\n`);
}

async function make(data: string, user: string, expiresIn: number | undefined): Promise<string> {
  const issuedAt = Date.now();
  const times = { issuedAt, ...(expiresIn !== undefined && { expiresAt: issuedAt + expiresIn * 1_000 }) };
  const note = (text: string): void => void process.stderr.write(`hubbub: ${text}\n`);
  try {
    return await makeToken(data, user, times, { note });
  } catch (error) {
    throw error instanceof StartError ? new CommandError(error.message, error.exitCode) : error;
  }
}

async function ask(options: TokenOptions, user: string): Promise<string> {
  const { url, token: own } = addressOf(options);
  return requestToken({ url, token: own, user, ...(options.expiresIn !== undefined && { expiresIn: options.expiresIn }) });
}
