import { createHash, timingSafeEqual } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ownerKey, peopleChannel, reservedUsers, revokedKey } from '@hubbub/protocol/people';
import type { Credentials, Identity, IdentityAnswer, Right } from '../core/identity.ts';
import type { Store } from '../store/store.ts';
import { notOurs, type Refused, type Verified, type Verifier } from './verifier.ts';

/** A token that is known as it is, and what it may do. */
export interface FixedToken {
  readonly token: string;
  readonly user: string;
  readonly rights: readonly Right[];
}

export interface IdentityParts {
  readonly store: Pick<Store, 'facts'>;
  readonly verifier: Verifier;
  readonly fixed: readonly FixedToken[];
  /** The node's clock, and the calendar: both in milliseconds. */
  readonly now: () => number;
  readonly calendar: () => number;
}

/** Milliseconds that one may take of the time of all. */
const patience = 250;
const notNow: Refused = { refused: 'unavailable', text: 'who you are cannot be told at the moment' };
/** Of one read of the store, which answers for as many people at once. */
const mostFacts = 1_000;
const peoplePerRead = mostFacts / 2;

/**
 * Who somebody is: what his token says, unless it was revoked, and whether he owns the server. Both are facts, read anew each time, for
 * all who ask in one turn at once: so every node knows of a revocation as soon as it is in the log.
 */
export function openIdentity(parts: IdentityParts): Identity {
  const { verifier, fixed } = parts;
  const known = (shown: Credentials): IdentityAnswer | undefined => {
    const found = 'token' in shown ? fixed.find(({ token }) => sameSecret(shown.token, token)) : undefined;
    return found && { who: { user: found.user, rights: found.rights } };
  };
  return {
    identify: async (shown) => {
      const verified = await Promise.all(shown.map((one) => known(one) ?? promptly(verifier.verify(one))));
      const users = [...new Set(verified.flatMap((one) => ('user' in one ? one.user : [])))];
      const standings = await standingsOf(parts.store, users);
      return verified.map((one) => ('user' in one ? answerOf(one, standings.get(one.user), parts) : one));
    },
  };
}

/**
 * One whose keys have to be fetched first keeps nobody waiting who asks in the same turn: he is told to come back, and they are there by then.
 * Names that are the server's own are nobody else's.
 */
async function promptly(verifying: Promise<Verified | Refused>): Promise<Verified | Refused> {
  const ended = new AbortController();
  const late = pause(patience, notNow, { signal: ended.signal }).catch(() => notNow);
  try {
    const verified = await Promise.race([verifying.catch(() => notNow), late]);
    return 'user' in verified && reservedUsers.has(verified.user) ? notOurs : verified;
  } finally {
    ended.abort();
  }
}

interface Standing {
  owner?: boolean;
  revokedAt?: number;
}

async function standingsOf(store: Pick<Store, 'facts'>, users: readonly string[]): Promise<Map<string, Standing>> {
  const standings = new Map<string, Standing>(users.map((user) => [user, {}]));
  for (let at = 0; at < users.length; at += peoplePerRead) {
    const pairs = users.slice(at, at + peoplePerRead).flatMap((user) => [
      { channel: peopleChannel, key: ownerKey(user) },
      { channel: `user:${user}`, key: revokedKey },
    ]);
    const { facts } = await store.facts({ pairs }, mostFacts);
    for (const { channel, key, value } of facts) {
      if (value === null) continue;
      const user = channel === peopleChannel ? key.slice(ownerKey('').length) : channel.slice('user:'.length);
      const standing = standings.get(user);
      if (!standing) continue;
      if (channel === peopleChannel) standing.owner = true;
      else standing.revokedAt = (JSON.parse(value) as { at: number }).at;
    }
  }
  return standings;
}

function answerOf(verified: Verified, standing: Standing | undefined, { now, calendar }: IdentityParts): IdentityAnswer | Refused {
  const { user, issuedAt, expiresAt, grants, token } = verified;
  // A token that does not say since when it is one is older than any revocation; a new guest's is of this moment.
  if (standing?.revokedAt !== undefined && token === undefined && (issuedAt ?? 0) <= standing.revokedAt) return notOurs;
  const rights: readonly Right[] = standing?.owner === true ? ['import', 'admin'] : [];
  const expires = expiresAt === undefined ? undefined : now() + (expiresAt - calendar());
  const who = { user, rights, ...(expires !== undefined && { expires }), ...(grants && { grants }) };
  return { who, ...(token !== undefined && { token }) };
}

/** In constant time, whatever the lengths. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
