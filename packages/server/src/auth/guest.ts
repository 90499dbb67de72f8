import { randomText } from '@hubbub/protocol/id';
import { encodeName, isUser } from '@hubbub/protocol/names';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import type { Keys } from './keys.ts';
import { notOurs, type Verified, type Verifier } from './verifier.ts';

const algorithm = 'HS256';
const issuer = 'hubbub';
/** What a guest's name may be long, in characters; encoded it has to fit into a user's name with its letters. */
const longestName = 64;
/** Control characters, and those that break a line or turn its direction: on a page they would write over what stands beside the name. */
const unwanted = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;
const badName = `a name is 1 to ${longestName} characters, fewer where they are not plain letters, and none of them a control character`;

export interface GuestParts {
  readonly keys: Keys;
  /** The calendar, in milliseconds. */
  readonly calendar: () => number;
  readonly random: () => number;
}

/** Guests by the name they give. A guest's token says who he is from then on; it ends with its key, or is revoked. */
export function guests({ keys, calendar, random }: GuestParts): Verifier {
  return {
    verify: async (shown) => {
      if ('name' in shown) {
        const user = guestUser(shown.name, random);
        if (!user) return { refused: 'bad_name', text: badName };
        return { user, token: await guestToken(user, keys, { issuedAt: calendar() }) };
      }
      const key = await keyOf(shown.token, keys);
      return (key && (await read(shown.token, key))) ?? notOurs;
    },
  };
}

export interface TokenTimes {
  /** By the calendar, in milliseconds. */
  readonly issuedAt: number;
  /** Left out: it does not end. */
  readonly expiresAt?: number;
}

/** Makes the token of a user. */
export function guestToken(user: string, { newest }: Keys, { issuedAt, expiresAt }: TokenTimes): Promise<string> {
  const token = new SignJWT().setProtectedHeader({ alg: algorithm, kid: newest.kid }).setSubject(user).setIssuer(issuer);
  // To the millisecond: what is made after a revocation holds.
  token.setIssuedAt(issuedAt / 1_000);
  if (expiresAt !== undefined) token.setExpirationTime(expiresAt / 1_000);
  return token.sign(newest.secret);
}

/** A store that does not answer is no verdict on the token: that is thrown. */
function keyOf(token: string, keys: Keys): ReturnType<Keys['find']> {
  let kid: string | undefined;
  try {
    ({ kid } = decodeProtectedHeader(token));
  } catch {
    return Promise.resolve(undefined);
  }
  return keys.find(kid);
}

async function read(token: string, { secret }: { readonly secret: Uint8Array }): Promise<Verified | undefined> {
  try {
    const { payload } = await jwtVerify(token, secret, { algorithms: [algorithm], issuer });
    const { sub, iat, exp } = payload;
    if (typeof sub !== 'string' || !isUser(sub)) return undefined;
    return { user: sub, ...(iat !== undefined && { issuedAt: iat * 1_000 }), ...(exp !== undefined && { expiresAt: exp * 1_000 }) };
  } catch {
    return undefined;
  }
}

/** Two people of one name are two people: five random letters tell them apart. */
function guestUser(name: string, random: () => number): string | undefined {
  const text = name.trim().normalize('NFC');
  if (!text.isWellFormed() || [...text].length > longestName || unwanted.test(name) || !visible.test(text)) return undefined;
  const user = `${encodeName(text)}.${randomText(random, 5)}`;
  return isUser(user) ? user : undefined;
}
