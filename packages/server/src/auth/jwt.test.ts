import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { exportJWK, type JWTPayload, SignJWT } from 'jose';
import { JwtKeyError, jwts } from './jwt.ts';
import type { Verifier } from './verifier.ts';

const now = Math.floor(Date.now() / 1_000);
let clock = 0;
const ticks = (): number => clock;
const secret = 'a secret that two programs know, long enough';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ed = generateKeyPairSync('ed25519');
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

function sign(alg: string, key: KeyObject | Uint8Array, payload: JWTPayload = {}, kid?: string): Promise<string> {
  return new SignJWT({ sub: 'ann', exp: now + 3_600, ...payload }).setProtectedHeader({ alg, ...(kid && { kid }) }).sign(key);
}

const refused = { refused: 'unauthorized', text: 'this token is not one of ours' };
const taken = { user: 'ann', expiresAt: (now + 3_600) * 1_000 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('jwt', () => {
  const bySecret = jwts({ now: ticks, trust: { secret } });
  const byRsa = jwts({ now: ticks, trust: { publicKey: pem(rsa.publicKey) } });
  const byEd = jwts({ now: ticks, trust: { publicKey: pem(ed.publicKey) } });
  const verify = (verifier: Verifier, token: string) => verifier.verify({ token });

  it('takes HS256, RS256 and EdDSA, each with its key', async () => {
    assert.deepEqual(await verify(bySecret, await sign('HS256', bytes(secret))), taken);
    assert.deepEqual(await verify(byRsa, await sign('RS256', rsa.privateKey)), taken);
    assert.deepEqual(await verify(byEd, await sign('EdDSA', ed.privateKey)), taken);
  });

  it('refuses what only looks like one, in the same words', async () => {
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"ann"}').toString('base64url')}.`;
    const wrong: [string, Verifier, string][] = [
      ['no signature', byRsa, unsigned],
      ['no signature, for a secret', bySecret, unsigned],
      // The public key is known to everybody: it must not be taken for a secret.
      ['the public key as a secret', byRsa, await sign('HS256', bytes(pem(rsa.publicKey)))],
      ['another key', byRsa, await sign('RS256', otherRsa.privateKey)],
      ['another secret', bySecret, await sign('HS256', bytes(`${secret}!`))],
      ['another algorithm of the same key', byRsa, await sign('RS512', rsa.privateKey)],
      ['another algorithm of the same secret', bySecret, await sign('HS512', bytes(secret))],
      ['another sort of key', byEd, await sign('RS256', rsa.privateKey)],
      ['ended a second ago', byRsa, await sign('RS256', rsa.privateKey, { exp: now - 1 })],
      ['not begun', byRsa, await sign('RS256', rsa.privateKey, { nbf: now + 3_600 })],
      ['nobody', byRsa, await sign('RS256', rsa.privateKey, { sub: '' })],
      ['a name with a line break', byRsa, await sign('RS256', rsa.privateKey, { sub: 'ann\nben' })],
      ['a name that is too long', byRsa, await sign('RS256', rsa.privateKey, { sub: 'a'.repeat(129) })],
      ['grants that are none', byRsa, await sign('RS256', rsa.privateKey, { grants: 'all' })],
      ['a grant of everything', byRsa, await sign('RS256', rsa.privateKey, { grants: [{ channel: '*', may: ['read'] }] })],
      ['a right that there is not', byRsa, await sign('RS256', rsa.privateKey, { grants: [{ channel: 'board:*', may: ['own'] }] })],
      ['a star in the middle', byRsa, await sign('RS256', rsa.privateKey, { grants: [{ channel: 'board:*x', may: ['read'] }] })],
      ['no token', byRsa, 'x'],
      ['nothing', byRsa, ''],
    ];
    for (const [what, verifier, token] of wrong) assert.deepEqual(await verify(verifier, token), refused, what);
    assert.deepEqual(await byRsa.verify({ name: 'ann' }), { refused: 'unauthorized', text: 'this server takes tokens only' });
  });

  it('spells foreign names as ours', async () => {
    const answer = await verify(byRsa, await sign('RS256', rsa.privateKey, { sub: 'auth0|5f', iat: now }));
    assert.deepEqual(answer, { ...taken, user: 'auth0%7C5f', issuedAt: now * 1_000 });
  });

  it('hands on grants', async () => {
    const grants = [
      { channel: 'board:*', may: ['read', 'send'] },
      { channel: 'room:plans', may: ['read'] },
    ];
    assert.deepEqual(await verify(bySecret, await sign('HS256', bytes(secret), { grants })), { ...taken, grants });
  });

  it('wants to be meant, where it is told by whom and for whom', async () => {
    const strict = jwts({ now: ticks, trust: { secret }, issuer: 'https://login.example', audience: 'hubbub' });
    const token = (payload: JWTPayload): Promise<string> => sign('HS256', bytes(secret), payload);
    assert.deepEqual(await verify(strict, await token({ iss: 'https://login.example', aud: 'hubbub' })), taken);
    assert.deepEqual(await verify(strict, await token({ iss: 'https://login.example', aud: ['x', 'hubbub'] })), taken);
    for (const payload of [{}, { iss: 'https://login.example' }, { aud: 'hubbub' }, { iss: 'https://other.example', aud: 'hubbub' }]) {
      assert.deepEqual(await verify(strict, await token(payload)), refused);
    }
  });

  it('says what is wrong with a key', () => {
    const keys: [string, RegExp][] = [
      ['no key', /no public key in PEM/],
      [rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /private key/],
      [pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey), /RSA \(RS256\) or Ed25519/],
      [pem(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey), /2048 bits/],
    ];
    for (const [publicKey, message] of keys) {
      assert.throws(
        () => jwts({ now: ticks, trust: { publicKey } }),
        (error) => error instanceof JwtKeyError && message.test(error.message),
      );
    }
    assert.throws(() => jwts({ now: ticks, trust: { secret: 'short' } }), JwtKeyError);
  });

  describe('by a set of keys that is fetched', () => {
    let server: Server;
    let jwks: URL;
    let answer: () => Promise<string | undefined>;
    let fetches = 0;
    const set = async (...keys: [string, KeyObject][]): Promise<string> =>
      JSON.stringify({ keys: await Promise.all(keys.map(async ([kid, key]) => ({ ...(await exportJWK(key)), kid, use: 'sig' }))) });

    before(async () => {
      server = createServer((_, response) => {
        fetches += 1;
        void answer().then((text) => {
          response.writeHead(text === undefined ? 500 : 200, { 'content-type': 'application/json' }).end(text ?? '');
        });
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      jwks = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`);
    });

    after(() => {
      server.closeAllConnections();
      server.close();
    });

    it('takes both sorts of keys by their names', async () => {
      answer = () => set(['one', rsa.publicKey], ['two', ed.publicKey]);
      const verifier = jwts({ now: ticks, trust: { jwks } });
      fetches = 0;
      assert.deepEqual(await verify(verifier, await sign('RS256', rsa.privateKey, {}, 'one')), taken);
      assert.deepEqual(await verify(verifier, await sign('EdDSA', ed.privateKey, {}, 'two')), taken);
      assert.deepEqual(await verify(verifier, await sign('EdDSA', ed.privateKey, {}, 'one')), refused);
      assert.deepEqual(await verify(verifier, await sign('HS256', bytes(pem(rsa.publicKey)), {}, 'one')), refused);
      assert.equal(fetches, 1);
    });

    it('finds a key that is new, and does not fetch for each that it does not know', async () => {
      answer = () => set(['one', rsa.publicKey]);
      const verifier = jwts({ now: ticks, trust: { jwks } });
      assert.deepEqual(await verify(verifier, await sign('RS256', rsa.privateKey, {}, 'one')), taken);
      answer = () => set(['three', otherRsa.publicKey]);
      const rotated = await sign('RS256', otherRsa.privateKey, {}, 'three');
      fetches = 0;
      // It has just been fetched: strangers' names do not make it fetch again at once.
      for (let at = 0; at < 20; at++) assert.deepEqual(await verify(verifier, rotated), refused);
      assert.equal(fetches, 0);
      clock += 1_000;
      const crowd = await Promise.all(Array.from({ length: 20 }, () => verify(verifier, rotated)));
      for (const one of crowd) assert.deepEqual(one, taken);
      assert.equal(fetches, 1);
      // And the one that is no more is refused.
      assert.deepEqual(await verify(verifier, await sign('RS256', rsa.privateKey, {}, 'one')), refused);
    });

    it('lets go of a key that was taken out within a minute while tokens come, and within five when none did', async () => {
      const one = await sign('RS256', rsa.privateKey, {}, 'one');
      answer = () => set(['one', rsa.publicKey]);
      const [busy, idle] = [jwts({ now: ticks, trust: { jwks } }), jwts({ now: ticks, trust: { jwks } })];
      for (const verifier of [busy, idle]) assert.deepEqual(await verify(verifier, one), taken);
      answer = () => set(['two', ed.publicKey]);
      clock += 60_001;
      fetches = 0;
      // Nobody waits for that.
      assert.deepEqual(await verify(busy, one), taken);
      while ('user' in (await verify(busy, one))) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(fetches, 1);
      clock += 240_000;
      assert.deepEqual(await verify(idle, one), refused);
    });

    it('goes on with what it has while the service is away, for an hour, and asks it now and then', async () => {
      const one = await sign('RS256', rsa.privateKey, {}, 'one');
      answer = () => set(['one', rsa.publicKey]);
      const verifier = jwts({ now: ticks, trust: { jwks } });
      assert.deepEqual(await verify(verifier, one), taken);
      answer = async () => undefined;
      fetches = 0;
      for (const end = clock + 3_590_000; clock < end; clock += 1_000) assert.deepEqual(await verify(verifier, one), taken);
      assert.ok(fetches >= 340 && fetches <= 360, `${fetches} fetches in an hour`);
      // Whether a key of another name is one of its keys cannot be told now.
      await assert.rejects(verify(verifier, await sign('EdDSA', ed.privateKey, {}, 'two')));
      clock += 20_000;
      await assert.rejects(verify(verifier, one));
      answer = () => set(['one', rsa.publicKey]);
      clock += 10_000;
      assert.deepEqual(await verify(verifier, one), taken);
    });

    it('throws when the keys cannot be fetched: that says nothing about the token', async () => {
      const token = await sign('RS256', rsa.privateKey, {}, 'one');
      for (const broken of [async () => undefined, async () => 'no JSON', async () => '{"keys":7}', () => new Promise<string>(() => {})]) {
        answer = broken;
        await assert.rejects(verify(jwts({ now: ticks, trust: { jwks } }), token));
      }
      await assert.rejects(verify(jwts({ now: ticks, trust: { jwks: new URL('http://127.0.0.1:1/') } }), token));
    });
  });
});
