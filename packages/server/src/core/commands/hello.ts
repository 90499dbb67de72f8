import { Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { HelloCommand, HelloReply } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { isId } from '@hubbub/protocol/names';
import { protocolVersion } from '@hubbub/protocol/version';
import { within } from '../deadline.ts';
import type { Credentials, Identity, Who } from '../identity.ts';
import { authorityPatience } from '../rights.ts';

export interface HelloParts {
  readonly env: Env;
  readonly identity: Identity;
  readonly node: string;
  readonly build: string;
}

export interface Welcome {
  readonly who: Who;
  /** What shows who it is, should that have to be asked again. */
  readonly token: string | undefined;
  readonly reply: HelloReply;
}

/**
 * Finds out who it is. Throws Refusal: `upgrade_required`, `unauthorized` (both close the link), `bad_id`, `bad_command`, `bad_name`; any
 * other error means that it cannot be told now.
 */
export async function hello({ env, identity, node, build }: HelloParts, command: HelloCommand): Promise<Welcome> {
  if (command.protocol !== protocolVersion) throw new Refusal('upgrade_required', `this server speaks protocol ${protocolVersion}`);
  if (!isId(command.session)) throw new Refusal('bad_id', 'a session is a UUID in lower case');
  const credentials = credentialsOf(command);
  const answer = await within(env, authorityPatience, identity.identify(credentials));
  if ('refused' in answer) throw new Refusal(answer.refused, answer.text);
  const { who, token } = answer;
  return {
    who,
    token: token ?? ('token' in credentials ? credentials.token : undefined),
    reply: { user: who.user, ...(token !== undefined && { token }), node, build, limits: { ...limits } },
  };
}

function credentialsOf({ token, name }: HelloCommand): Credentials {
  if (token !== undefined && name === undefined) return { token };
  if (name !== undefined && token === undefined) return { name };
  throw new Refusal('bad_command', 'hello brings a token or a name');
}
