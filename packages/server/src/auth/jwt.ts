/** Tokens that somebody else makes: an application that has users of its own, or a login service. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { encodeName, isUser } from '@hubbub/protocol/names';
import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import type { ChannelGrant } from '../core/identity.ts';
import { KeySet, KeysUnreachable } from './key-set.ts';
import { notOurs, type Verified, type Verifier } from './verifier.ts';

/** Where the keys are that tokens are checked with. */
export type JwtTrust =
  /** HS256: the text that both sides know. */
  | { readonly secret: string }
  /** RS256 or EdDSA: a public key, PEM. */
  | { readonly publicKey: string }
  /** RS256 or EdDSA: a set of keys by name, fetched, and fetched again when a token names one that is not in it. */
  | { readonly jwks: URL };

export interface JwtOptions {
  readonly trust: JwtTrust;
  /** What `iss` and `aud` must say; left out: anything. */
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** Milliseconds. */
  readonly now: () => number;
}

/** What is wrong with the key that was given. */
export class JwtKeyError extends Error {}

const fewestSecretBytes = 32;

const Grants = Type.Array(
  Type.Object({
    channel: Type.String({ pattern: '^[a-z]{1,16}:([A-Za-z0-9._%-]{0,127}\\*|[A-Za-z0-9._%-]{1,128})$' }),
    may: Type.Array(Type.Union([Type.Literal('read'), Type.Literal('send')])),
  }),
  { maxItems: 100 },
);

/** Checks tokens by their signature, their time, and who made them for whom. Throws JwtKeyError. */
export function jwts({ trust, issuer, audience, now }: JwtOptions): Verifier {
  const { key, algorithms } = keyOf(trust, now);
  const options = { algorithms, clockTolerance: 0, ...(issuer !== undefined && { issuer }), ...(audience !== undefined && { audience }) };
  return {
    verify: async (shown) => {
      if ('name' in shown) return { refused: 'unauthorized', text: 'this server takes tokens only' };
      try {
        const { payload } = await jwtVerify(shown.token, key, options);
        return read(payload) ?? notOurs;
      } catch (error) {
        if (error instanceof KeysUnreachable) throw error;
        return notOurs;
      }
    },
  };
}

function keyOf(trust: JwtTrust, now: () => number): { readonly key: JWTVerifyGetKey; readonly algorithms: string[] } {
  if ('jwks' in trust) {
    return { key: new KeySet({ url: trust.jwks, now }).get, algorithms: ['RS256', 'EdDSA'] };
  }
  if ('secret' in trust) {
    const secret = new TextEncoder().encode(trust.secret);
    if (secret.length < fewestSecretBytes) throw new JwtKeyError(`a secret for HS256 has at least ${fewestSecretBytes} bytes`);
    return { key: async () => secret, algorithms: ['HS256'] };
  }
  const key = publicKey(trust.publicKey);
  // One algorithm for one key: what a token says of itself decides nothing.
  return { key: async () => key, algorithms: [key.asymmetricKeyType === 'rsa' ? 'RS256' : 'EdDSA'] };
}

function publicKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new JwtKeyError('this is no public key in PEM: RSA or Ed25519');
  }
  if (isPrivate(pem)) throw new JwtKeyError('this is a private key: the server needs the public one alone (openssl pkey -pubout)');
  if (key.asymmetricKeyType === 'ed25519') return key;
  if (key.asymmetricKeyType !== 'rsa') throw new JwtKeyError('a public key is RSA (RS256) or Ed25519 (EdDSA)');
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < 2_048) throw new JwtKeyError('an RSA key has at least 2048 bits');
  return key;
}

/** A private key holds the public one, so both can be read as one. */
function isPrivate(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return true;
  } catch {
    return false;
  }
}

function read({ sub, iat, exp, grants }: JWTPayload): Verified | undefined {
  if (typeof sub !== 'string' || !sub.isWellFormed()) return undefined;
  const user = encodeName(sub);
  if (!isUser(user)) return undefined;
  if (grants !== undefined && !Check(Grants, grants)) return undefined;
  return {
    user,
    ...(iat !== undefined && { issuedAt: iat * 1_000 }),
    ...(exp !== undefined && { expiresAt: exp * 1_000 }),
    ...(grants !== undefined && { grants: grants as readonly ChannelGrant[] }),
  };
}
