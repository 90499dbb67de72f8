/** Tokens that cannot be trusted, on every entry: one table of each, on a real server that takes the tokens of somebody else. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { exportJWK, type JWTPayload, SignJWT } from 'jose';
import { RawLink } from './raw-link.ts';
import { adminToken, hubbub, type RunningServer, Stage } from './server-rig.ts';

const now = Math.floor(Date.now() / 1_000);
const current = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const former = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

/** What the server is told to want; each wrong token is wrong in one way only. */
const meant = { iss: 'https://login.example', aud: 'hubbub' };

function sign(payload: JWTPayload, key: KeyObject | Uint8Array = current.privateKey, kid = 'current', alg = 'RS256'): Promise<string> {
  return new SignJWT({ sub: 'ann', ...meant, ...payload }).setProtectedHeader({ alg, kid }).sign(key);
}

/** `ok`, or the code that was answered. */
type Entry = (server: RunningServer, token: string) => Promise<string>;

function http(method: string, path: string, body?: unknown): Entry {
  return async ({ url }, token) => {
    const answer = await fetch(url + path, {
      method,
      // From anywhere: this machine's own programs are asked for no token by some.
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-forwarded-for': '198.51.100.7' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const { code } = (await answer.json()) as { code?: string };
    return answer.ok ? 'ok' : (code ?? String(answer.status));
  };
}

const events = '/v1/channels/room:general/events';
const draft = { kind: 'message', body: 'hello' };
let good: string;

/** Every way in: a new one belongs here. */
const entries: Record<string, Entry> = {
  'hello on a link': async ({ url }, token) => {
    using link = await RawLink.open(url);
    const answer = link.ask('hello', { protocol: 1, session: crypto.randomUUID(), token }).catch((error: Error) => error.message);
    const said = await answer;
    return typeof said === 'string' ? said.replace(/^closed: \d+ /, '') : (said.error?.code ?? 'ok');
  },
  'refresh on a link': async ({ url }, token) => {
    using link = await RawLink.open(url, { token: good });
    const said = await link.ask('refresh', { token }).catch((error: Error) => error.message);
    return typeof said === 'string' ? said.replace(/^closed: \d+ /, '') : (said.error?.code ?? 'ok');
  },
  'sending by HTTP': http('POST', events, draft),
  'sending many by HTTP': http('POST', `${events}/batch`, { events: [{ ...draft, id: crypto.randomUUID() }] }),
  history: http('GET', events),
  facts: http('GET', '/v1/channels/room:general/facts'),
  channels: http('GET', '/v1/channels?of=public'),
  presence: http('GET', '/v1/channels/room:general/presence'),
  revocations: http('POST', '/v1/revocations', { user: 'nobody' }),
  tokens: http('POST', '/v1/tokens', { user: 'nobody' }),
  'the node': http('GET', '/v1/node'),
  metrics: http('GET', '/metrics'),
};
/** These are for administrators: whoever is let in is told so. */
const forAdministrators = new Set(['revocations', 'tokens', 'the node', 'metrics']);

const wrong: Record<string, () => Promise<string> | string> = {
  nonsense: () => 'nonsense',
  'no signature at all (alg none)': () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'none' })}.${part({ sub: 'ann', ...meant })}.`;
  },
  'a signature cut off': async () => (await sign({})).replace(/\.[^.]*$/, '.'),
  'the public key as a secret (HS256 for RS256)': () => sign({}, new TextEncoder().encode(pem(current.publicKey)), 'current', 'HS256'),
  'a key with an unknown name': () => sign({}, stranger.privateKey, 'nobody’s'),
  'another key under a known name': () => sign({}, stranger.privateKey),
  'a key that was taken out of the set': () => sign({}, former.privateKey, 'former'),
  'ended a second ago': () => sign({ exp: Math.floor(Date.now() / 1_000) - 1 }),
  'begins in an hour': () => sign({ nbf: now + 3_600 }),
  'made for another service': () => sign({ aud: 'another' }),
  'made by another service': () => sign({ iss: 'https://other.example' }),
  revoked: () => sign({ sub: 'revoked', iat: now - 10 }),
};

describe('tokens of somebody else', () => {
  const stage = new Stage();
  let set: [string, { publicKey: KeyObject }][] = [
    ['current', current],
    ['former', former],
  ];
  const keys = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    const named = async ([kid, { publicKey }]: (typeof set)[number]) => ({ ...(await exportJWK(publicKey)), kid });
    void Promise.all(set.map(named)).then((all) => response.end(JSON.stringify({ keys: all })));
  });
  let server: RunningServer;

  before(async () => {
    keys.listen(0, '127.0.0.1');
    await once(keys, 'listening');
    const jwks = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/`;
    const who = ['--jwt-issuer', 'https://login.example', '--jwt-audience', 'hubbub'];
    server = await stage.serve(stage.folder(), '--auth', 'jwt', '--jwks-url', jwks, ...who);
    good = await sign({});
    await http('POST', '/v1/revocations', { user: 'revoked' })(server, adminToken(server));
    const byFormer = await sign({}, former.privateKey, 'former');
    assert.equal(await entries['history']?.(server, byFormer), 'ok');
    set = [['current', current]];
    // A name that it does not know makes it look again, though not more than once a second.
    const unknown = await sign({}, stranger.privateKey, 'unknown');
    while ((await entries['history']?.(server, byFormer)) === 'ok') {
      await entries['history']?.(server, unknown);
      await pause(100);
    }
  });
  after(async () => {
    await stage[Symbol.asyncDispose]();
    keys.closeAllConnections();
    keys.close();
  });

  for (const [name, entry] of Object.entries(entries)) {
    it(`P85: a good one is taken: ${name}`, async () => {
      assert.equal(await entry(server, good), forAdministrators.has(name) ? 'forbidden' : name === 'tokens' ? 'not_supported' : 'ok');
    });
    for (const [what, make] of Object.entries(wrong)) {
      it(`P85: unauthorized: ${name}: ${what}`, async () => {
        assert.equal(await entry(server, await make()), 'unauthorized');
      });
    }
  }

  it('P85: unauthorized: a name instead of a token', async () => {
    using link = await RawLink.open(server.url);
    await assert.rejects(link.ask('hello', { protocol: 1, session: crypto.randomUUID(), name: 'Ann' }), /4401 unauthorized/);
    assert.equal(await http('POST', '/v1/session', { name: 'Ann' })(server, ''), 'unauthorized');
    assert.equal(await http('POST', '/v1/tokens', { user: 'ann' })(server, adminToken(server)), 'not_supported');
  });

  it('P86: grants what it says', async () => {
    const grants = [{ channel: 'job:*', may: ['read'] }];
    using link = await RawLink.open(server.url, { token: await sign({ grants }) });
    const reply = await link.ask('subscribe', { to: [{ channel: 'job:7' }, { channel: 'other:7' }] });
    const [mine, other] = reply['results'] as { error?: { code: string }; position?: string }[];
    assert.ok(mine?.position !== undefined);
    assert.equal(other?.error?.code, 'forbidden');
    const sent = await link.ask('send', { channel: 'job:7', events: [{ ...draft, id: crypto.randomUUID() }] });
    assert.equal((sent['results'] as { error?: { code: string } }[])[0]?.error?.code, 'forbidden');
  });

  it('I7 P78: ends its link when it ends', async () => {
    using link = await RawLink.open(server.url, { token: await sign({ exp: Date.now() / 1_000 + 0.3 }) });
    assert.equal(await link.closed, '4401 unauthorized');
  });

  it('P79: a newer one carries the link on', async () => {
    const soon = Date.now() / 1_000 + 0.5;
    using link = await RawLink.open(server.url, { token: await sign({ exp: soon }) });
    const reply = await link.ask('refresh', { token: await sign({ exp: now + 3_600 }) });
    assert.ok((reply['expiresIn'] as number) > 3_000_000);
    // One whose end is no sooner ends, and this one does not.
    using other = await RawLink.open(server.url, { token: await sign({ exp: soon + 0.2 }) });
    assert.equal(await other.closed, '4401 unauthorized');
    await link.ask('ping');
  });

  it('P87: takes the administrator and the service by theirs', async () => {
    const service = readFileSync(`${server.data}/service.key`, 'utf8').trim();
    assert.equal(await entries['the node']?.(server, adminToken(server)), 'ok');
    assert.equal(await entries['the node']?.(server, service), 'forbidden');
    assert.equal(await http('POST', events, { ...draft, from: 'bob' })(server, service), 'ok');
    assert.equal(await http('POST', events, { ...draft, from: 'bob', ts: 1 })(server, service), 'forbidden');
    assert.equal(await http('POST', events, { ...draft, from: 'bob' })(server, good), 'forbidden');
  });

  it('has no token in what it prints', async () => {
    const printed = server.process.stdout + server.process.stderr;
    for (const token of [good, adminToken(server), await wrong['nonsense']?.()]) assert.ok(!printed.includes(String(token)));
  });

  it('says what is wrong with how it is told to check them', async () => {
    const cases: [string[], RegExp][] = [
      [['--auth', 'jwt'], /one of --jwt-secret-file, --jwt-key-file and --jwks-url/],
      [['--auth', 'jwt', '--jwt-key-file', '/dev/null'], /no public key in PEM/],
      [['--auth', 'jwt', '--jwt-secret-file', '/dev/null'], /no secret of at least 32/],
      [['--auth', 'jwt', '--jwt-secret-file', '/nowhere'], /cannot be read: ENOENT/],
      [['--auth', 'jwt', '--jwks-url', 'http://login.example/'], /over https, or from this machine/],
      [['--auth', 'oauth'], /guest .* or jwt/],
      [['--jwt-issuer', 'x'], /belong to --auth jwt/],
      [['--origins', 'app.example'], /such as https:\/\/chat\.example\.org/],
      [['--trust-proxy', 'localhost'], /addresses, or networks/],
      [['--base-url', 'chat'], /such as https/],
      [['--log-level', 'loud'], /one of error, warn, info, debug/],
    ];
    for (const [flags, message] of cases) {
      const { code, stderr } = await hubbub('serve', '--port', '0', '--data', stage.folder(), ...flags);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });
});
