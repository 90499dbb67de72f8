import { Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { HelloCommand, HelloReply } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { isId } from '@hubbub/protocol/names';
import { protocolVersion } from '@hubbub/protocol/version';
import type { Identifying } from '../identifying.ts';
import type { Credentials, Who } from '../identity.ts';

export interface HelloParts {
  readonly env: Env;
  readonly identifying: Identifying;
  readonly node: string;
  readonly build: string;
}

export interface Welcome {
  readonly who: Who;
  /** What shows who it is, should that have to be asked again. */
  readonly token?: string;
  readonly reply: HelloReply;
}

/**
 * Finds out who it is. Throws Refusal: `upgrade_required`, `unauthorized` (both close the link), `bad_id`, `bad_command`, `bad_name`,
 * `unavailable`.
 */
export async function hello({ env, identifying, node, build }: HelloParts, command: HelloCommand): Promise<Welcome> {
  if (command.protocol !== protocolVersion) throw new Refusal('upgrade_required', `this server speaks protocol ${protocolVersion}`);
  if (!isId(command.session)) throw new Refusal('bad_id', 'a session is a UUID in lower case');
  const credentials = credentialsOf(command);
  const { who, token } = await identifying.identify(credentials);
  const shown = token ?? ('token' in credentials ? credentials.token : undefined);
  return {
    who,
    ...(shown !== undefined && { token: shown }),
    reply: {
      user: who.user,
      ...(token !== undefined && { token }),
      ...expiresIn(env, who),
      ...{ node, build, limits: { ...limits } },
    },
  };
}

/** How long a sign-in lasts from now on, in milliseconds, where it ends: client and server have clocks of their own. */
export function expiresIn(env: Env, { expires }: Who): { readonly expiresIn?: number } {
  return expires === undefined ? {} : { expiresIn: Math.max(0, Math.round(expires - env.now())) };
}

function credentialsOf({ token, name }: HelloCommand): Credentials {
  if (token !== undefined && name === undefined) return { token };
  if (name !== undefined && token === undefined) return { name };
  throw new Refusal('bad_command', 'hello brings a token or a name');
}
