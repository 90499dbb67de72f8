/** Who is let in at which door, on a real server: pages of other origins, proxies, the owner, and people from before keys were facts. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { limits } from '@hubbub/protocol/limits';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { RawLink } from './raw-link.ts';
import { adminToken, hubbub, type RunningServer, Stage } from './server-rig.ts';

const app = 'https://app.example';

async function ownerCode(server: RunningServer): Promise<string | undefined> {
  await server.process.until(() => server.process.stderr.endsWith('\n'));
  return /#own=([a-z2-7]{26})$/m.exec(server.process.stderr)?.[1];
}

/** The status with which an upgrade is answered: 101, or what it is refused with. */
function upgrade({ url }: RunningServer, headers: Record<string, string>): Promise<{ status: number; retryAfter?: string | undefined }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/ws`, { headers });
  return new Promise((resolve, reject) => {
    socket.once('open', () => {
      socket.terminate();
      resolve({ status: 101 });
    });
    socket.once('unexpected-response', (_, response) => {
      response.resume();
      socket.terminate();
      resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
    });
    socket.on('error', (error) => reject(error));
  });
}

describe('doors', () => {
  it('P12 let in pages of the origins that were named, by link and by request, and no others', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder(), '--origins', `${app}, https://other.example`);
    assert.equal((await upgrade(server, { origin: app })).status, 101);
    assert.equal((await upgrade(server, { origin: 'https://evil.example' })).status, 403);
    const preflight = (origin: string): Promise<Response> =>
      fetch(`${server.url}/v1/channels?of=public`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
      });
    const allowed = await preflight(app);
    assert.equal(allowed.headers.get('access-control-allow-origin'), app);
    assert.match(allowed.headers.get('access-control-allow-headers') ?? '', /authorization/);
    assert.equal(allowed.headers.get('access-control-allow-credentials'), null, 'no cookie is ever taken');
    assert.equal((await preflight('https://evil.example')).headers.get('access-control-allow-origin'), null);

    const closed = await stage.serve(stage.folder());
    assert.equal((await fetch(`${closed.url}/healthz`, { headers: { origin: app } })).headers.get('access-control-allow-origin'), null);
    assert.equal((await upgrade(closed, { origin: app })).status, 403);
  });

  it('P77 count by the address that a trusted proxy names, and by nothing that anybody else says', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder(), '--trust-proxy', '127.0.0.1', '--origins', app);
    const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });
    const ask = async (address: string): Promise<Response> =>
      fetch(`${server.url}/healthz`, { headers: { ...from(address), origin: app } });
    // All at once: a slow machine would get its hundred a second one after the other.
    const flood = (): Promise<Response[]> => Promise.all(Array.from({ length: 2 * limits.requestBurst }, () => ask('203.0.113.7')));
    const answer = (await flood()).find(({ status }) => status === 429);
    assert.ok(answer, 'nothing was too much');
    assert.equal(answer.headers.get('retry-after'), '1');
    assert.equal(answer.headers.get('access-control-allow-origin'), app, 'a page of a named origin can read why');
    const problem = (await answer.json()) as { code: string; retryAfter: number };
    assert.equal(problem.code, 'too_fast');
    // Another address is not held up by it, and a link counts as a request does.
    assert.equal((await ask('203.0.113.8')).status, 200);
    const [, ...refused] = await Promise.all([flood(), ...Array.from({ length: 50 }, () => upgrade(server, from('203.0.113.7')))]);
    assert.ok(refused.some(({ status, retryAfter }) => status === 429 && retryAfter === '1'));
    assert.equal((await upgrade(server, from('203.0.113.8'))).status, 101);
    // What is refused for another reason counts too.
    const evil = { ...from('203.0.113.9'), origin: 'https://evil.example' };
    const tries = await Promise.all(Array.from({ length: 2 * limits.requestBurst }, () => upgrade(server, evil)));
    assert.deepEqual(new Set(tries.map(({ status }) => status)), new Set([403, 429]));
  });

  it('P88 make the owner of whoever shows the printed code first, once', async () => {
    await using stage = new Stage();
    const data = stage.folder();
    const server = await stage.serve(data, '--base-url', 'https://chat.example/');
    const code = await ownerCode(server);
    assert.match(server.process.stderr, /once: https:\/\/chat\.example\/#own=/);
    using ann = await RawLink.open(server.url, { name: 'Ann' });
    using ben = await RawLink.open(server.url, { name: 'Ben' });
    const claim = async (link: RawLink, shown: unknown): Promise<unknown> => {
      const events = [{ id: crypto.randomUUID(), kind: 'claim', body: { code: shown } }];
      const reply = await link.ask('send', { channel: 'sys:people', events });
      return (reply['results'] as { error?: { code: string } }[])[0]?.error?.code ?? 'ok';
    };
    assert.equal(await claim(ben, 'a guess'), 'forbidden');
    assert.equal(await claim(ann, code), 'ok');
    assert.equal(await claim(ben, code), 'forbidden');

    const token = String(ann.heard.find(({ res }) => res === 1)?.['token']);
    const node = (shown: string): Promise<Response> =>
      fetch(`${server.url}/v1/node`, { headers: { authorization: `Bearer ${shown}`, 'x-forwarded-for': '198.51.100.7' } });
    assert.equal((await node(token)).status, 200);
    assert.equal((await node(String(ben.heard.find(({ res }) => res === 1)?.['token']))).status, 403);
    await server.process.kill('SIGTERM');
    const again = await stage.serve(data);
    assert.equal(again.process.stderr, '', 'it is nobody’s to claim any more');
  });

  it('know people from before keys were facts, and leave the old secret nowhere', async () => {
    await using stage = new Stage();
    const data = join(stage.folder(), 'data');
    mkdirSync(data, { mode: 0o700 });
    const secret = randomBytes(32).toString('base64url');
    writeFileSync(join(data, 'secret'), `${secret}\n`, { mode: 0o600 });
    const key = new TextEncoder().encode(secret);
    const old = await new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject('ann.abcde').setIssuer('hubbub').sign(key);
    const server = await stage.serve(data);
    assert.ok(!existsSync(join(data, 'secret')));
    const signIn = async (): Promise<unknown> => {
      using link = await RawLink.open(server.url);
      return (await link.ask('hello', { protocol: 1, session: crypto.randomUUID(), token: old }))['user'];
    };
    assert.equal(await signIn(), 'ann.abcde');
    const made = (await hubbub('token', '--sub', 'ann.abcde', '--data', data)).stdout.trim();
    const revoked = await fetch(`${server.url}/v1/revocations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken(server)}`, 'content-type': 'application/json' },
      body: '{"user":"ann.abcde"}',
    });
    assert.equal(revoked.status, 200);
    await assert.rejects(signIn(), /4401 unauthorized/);
    using link = await RawLink.open(server.url);
    await assert.rejects(link.ask('hello', { protocol: 1, session: crypto.randomUUID(), token: made }), /4401 unauthorized/);
    const later = (await hubbub('token', '--sub', 'ann.abcde', '--data', data)).stdout.trim();
    using back = await RawLink.open(server.url, { token: later });
    assert.equal(back.heard[0]?.['user'], 'ann.abcde');
  });
});
