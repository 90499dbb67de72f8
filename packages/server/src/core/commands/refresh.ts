import type { Env } from '@hubbub/protocol/env';
import type { RefreshCommand } from '@hubbub/protocol/frames';
import type { SignIn } from '../sign-in.ts';
import type { Answer } from './context.ts';
import { expiresIn } from './hello.ts';

/** Goes on with a newer token, so that a link outlives the one it began with. Throws Refusal: `unauthorized`, which closes the link; `unavailable`. */
export async function refresh(env: Env, signIn: SignIn, { token }: Pick<RefreshCommand, 'token'>): Promise<Answer<'refresh'>> {
  return { reply: expiresIn(env, await signIn.refresh(token)) };
}
