import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { type Http, ListenError, openHttp } from './http.ts';
import { Peers } from './peers.ts';
import { portOwner } from './port-owner.ts';

const peers = new Peers({ trustProxy: [], origins: [], now: () => 0 });

describe('http', () => {
  const undo: (() => unknown)[] = [];

  afterEach(async () => {
    for (const run of undo.splice(0).reverse()) await run();
  });

  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'hubbub-page-'));
    undo.push(() => rmSync(path, { recursive: true }));
    return path;
  }

  async function serve(page: string): Promise<{ http: Http; url: string; port: number }> {
    const http = await openHttp({ page, peers });
    undo.push(() => http.close());
    const port = await http.listen('127.0.0.1', 0);
    return { http, url: `http://127.0.0.1:${port}`, port };
  }

  function builtPage(): string {
    const page = folder();
    mkdirSync(join(page, 'assets'));
    writeFileSync(join(page, 'index.html'), '<!doctype html><title>page</title>');
    writeFileSync(join(page, 'assets/index-abc.js'), 'export {};');
    writeFileSync(join(page, '.hidden'), 'secret');
    return page;
  }

  const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  it('serves the page under every view, and says how long what may be kept', async () => {
    const { url } = await serve(builtPage());
    for (const view of ['/', '/rooms/general', '/rooms/caf%C3%A9', '/index.html', '/a?b=c']) {
      const answer = await fetch(url + view, { headers: browser });
      assert.equal(answer.status, 200, view);
      assert.match(await answer.text(), /<title>page/);
      assert.match(answer.headers.get('content-type') ?? '', /text\/html/);
      assert.equal(answer.headers.get('cache-control'), 'no-cache');
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.match(answer.headers.get('content-security-policy') ?? '', /frame-ancestors/);
    }
    const script = await fetch(`${url}/assets/index-abc.js`);
    assert.match(script.headers.get('content-type') ?? '', /javascript/);
    assert.match(script.headers.get('cache-control') ?? '', /immutable/);
  });

  it('answers what is not there as a problem, not with the page', async () => {
    const { url } = await serve(builtPage());
    const wrong: [string, RequestInit, number][] = [
      ['/assets/index-old.js', { headers: browser }, 404],
      ['/v1/nothing', { headers: browser }, 404],
      ['/picture', { headers: { accept: 'image/*' } }, 404],
      ['/rooms/general', { method: 'POST', headers: browser }, 404],
      ['/v1/ws', { headers: browser }, 426],
      ['/%', { headers: browser }, 400],
    ];
    for (const [path, init, status] of wrong) {
      const answer = await fetch(url + path, init);
      assert.equal(answer.status, status, path);
      assert.match(answer.headers.get('content-type') ?? '', /application\/problem\+json/);
      assert.equal(((await answer.json()) as { status: number }).status, status);
    }
  });

  it('gives out nothing beside the page', async () => {
    const { url, port } = await serve(builtPage());
    assert.doesNotMatch(await (await fetch(`${url}/.hidden`)).text(), /secret/);
    // fetch would tidy the path.
    const far = await new Promise<string>((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', path: '/../../../../etc/passwd' }, (answer) => {
        let text = '';
        answer.on('data', (part) => {
          text += part;
        });
        answer.on('end', () => resolve(text));
      });
      sent.on('error', reject).end();
    });
    assert.ok(!far.includes('root:'));
  });

  it('says in plain words that the page is not built', async () => {
    const { url } = await serve(join(folder(), 'nothing'));
    const answer = await fetch(`${url}/rooms/general`, { headers: browser });
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /npm run build:web/);
  });

  it('takes the offer of an upgrade to anything else as an ordinary request', async () => {
    const { http, port } = await serve(builtPage());
    http.server.on('upgrade', (_, socket) => socket.destroy());
    const status = await new Promise((resolve, reject) => {
      const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk', ...browser };
      request({ port, host: '127.0.0.1', path: '/', headers, agent: false }, (answer) => resolve(answer.resume().statusCode))
        .on('error', reject)
        .end();
    });
    assert.equal(status, 200);
  });

  it('refuses a port that is in use, by name of who has it', async () => {
    const { port } = await serve(folder());
    const second = await openHttp({ page: folder(), peers });
    undo.push(() => second.close());
    await assert.rejects(second.listen('127.0.0.1', port), (error) => {
      assert.ok(error instanceof ListenError);
      assert.equal(error.about, 'port');
      assert.match(error.message, new RegExp(`port ${port} of 127\\.0\\.0\\.1 is in use`));
      if (process.platform === 'linux') assert.match(error.message, new RegExp(` by \\S+ \\(process ${process.pid}\\)`));
      return true;
    });
  });

  it('refuses an address that is not of this machine', async () => {
    const http = await openHttp({ page: folder(), peers });
    undo.push(() => http.close());
    // 192.0.2.0/24 is nobody's (RFC 5737).
    await assert.rejects(http.listen('192.0.2.1', 0), (error) => error instanceof ListenError && error.about === 'host');
  });

  it('names no owner of a port that nobody has', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(portOwner(address.port), undefined);
  });
});
