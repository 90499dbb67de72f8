import type { Env } from '@hubbub/protocol/env';
import { revokedKey } from '@hubbub/protocol/people';
import type { Credentials, Identity, IdentityAnswer } from '@hubbub/server/core/identity';
import type { Store } from '@hubbub/server/store/store';
import type { Dice } from './random.ts';

/** A token says all that there is to say of it. Times are the world's. */
export interface Token {
  readonly user: string;
  readonly issuedAt: number;
  readonly expiresAt?: number;
}

export const writeToken = (token: Token): string => JSON.stringify(token);

export function readToken(text: string): Token | undefined {
  return text.startsWith('{') ? (JSON.parse(text) as Token) : undefined;
}

const refused = { refused: 'unauthorized', text: 'no more' } as const;

/** The simulation's identity: a token, whose times are the calendar's, holds to its end, unless it was made before its user's were revoked. A guest is who he says he is. */
export function simulatedIdentity(store: Store, env: Pick<Env, 'now'>, calendar: () => number): Identity {
  return {
    identify: async (shown) => {
      const tokens = shown.map((one) => ('token' in one ? readToken(one.token) : undefined));
      const pairs = tokens.flatMap((token) => (token ? { channel: `user:${token.user}`, key: revokedKey } : []));
      const { facts } = pairs.length === 0 ? { facts: [] } : await store.facts({ pairs }, 1_000);
      const revokedAt = new Map(facts.map(({ channel, value }) => [channel, (JSON.parse(value ?? '{}') as { at?: number }).at ?? -1]));
      return shown.map((one, at) => answer(one, tokens[at], revokedAt, env.now(), calendar()));
    },
  };
}

/** The same, which now and then cannot be reached for a while, though the store can: `chance` says how often a call begins that. */
export function away(identity: Identity, dice: Dice, now: () => number, chance: () => number): Identity {
  let until = 0;
  return {
    identify: async (shown) => {
      if (dice.chance(chance())) until = now() + dice.between(1_000, 5_000);
      if (chance() > 0 && now() < until) throw new Error('the identity is away');
      return identity.identify(shown);
    },
  };
}

function answer(
  shown: Credentials,
  token: Token | undefined,
  revokedAt: ReadonlyMap<string, number>,
  now: number,
  calendar: number,
): IdentityAnswer {
  if (!token) {
    const user = 'name' in shown ? shown.name : shown.token;
    return { who: { user, rights: [] }, token: user };
  }
  const { user, issuedAt, expiresAt } = token;
  if (issuedAt <= (revokedAt.get(`user:${user}`) ?? -1) || (expiresAt !== undefined && calendar >= expiresAt)) return refused;
  return { who: { user, rights: [], ...(expiresAt !== undefined && { expires: now + (expiresAt - calendar) }) } };
}
