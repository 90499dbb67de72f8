import { createHash, timingSafeEqual } from 'node:crypto';
import { randomText } from '@hubbub/protocol/id';
import { encodeName, isUser } from '@hubbub/protocol/names';
import { jwtVerify, SignJWT } from 'jose';
import type { Identity, IdentityAnswer } from '../core/identity.ts';

const algorithm = 'HS256';
const issuer = 'hubbub';
/** What a guest's name may be long, in characters; encoded it has to fit into a user's name with its letters. */
const longestName = 64;
/** Control characters, and those that break a line or turn its direction: on a page they would write over what stands beside the name. */
const unwanted = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;
const badName = `a name is 1 to ${longestName} characters, fewer where they are not plain letters, and none of them a control character`;

export interface GuestParts {
  readonly secret: string;
  /** Who shows it may import and administer. */
  readonly adminToken: string;
  readonly random: () => number;
}

/** Guests by the name they give, and the administrator by his token. A guest's token says who he is from then on. */
export function guestIdentity({ secret, adminToken, random }: GuestParts): Identity {
  const key = new TextEncoder().encode(secret);
  return {
    identify: async (credentials): Promise<IdentityAnswer> => {
      if ('name' in credentials) {
        const user = guestUser(credentials.name, random);
        if (!user) return { refused: 'bad_name', text: badName };
        return { who: { user, rights: [] }, token: await guestToken(user, secret) };
      }
      if (sameSecret(credentials.token, adminToken)) return { who: { user: 'admin', rights: ['import', 'admin'] } };
      try {
        const { payload } = await jwtVerify(credentials.token, key, { algorithms: [algorithm], issuer });
        if (typeof payload.sub === 'string' && isUser(payload.sub)) return { who: { user: payload.sub, rights: [] } };
      } catch {
        // Whatever is wrong with it: to a stranger one answer.
      }
      return { refused: 'unauthorized', text: 'this token is not one of ours' };
    },
  };
}

/** Makes the token of a user. It does not end: it ends with the secret. */
export function guestToken(user: string, secret: string): Promise<string> {
  return new SignJWT().setProtectedHeader({ alg: algorithm }).setSubject(user).setIssuer(issuer).sign(new TextEncoder().encode(secret));
}

/** Two people of one name are two people: five random letters tell them apart. */
function guestUser(name: string, random: () => number): string | undefined {
  const text = name.trim().normalize('NFC');
  if (!text.isWellFormed() || [...text].length > longestName || unwanted.test(name) || !visible.test(text)) return undefined;
  const user = `${encodeName(text)}.${randomText(random, 5)}`;
  return isUser(user) ? user : undefined;
}

/** In constant time, whatever the lengths. */
function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
