import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { CommandError } from './fail.ts';
import { requestToken } from './token-request.ts';

describe('a request for a token', () => {
  const stops: (() => void)[] = [];
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  async function serve(answer: RequestListener): Promise<string> {
    const server = createServer(answer).listen(0, '127.0.0.1');
    stops.push(() => {
      server.close();
      server.closeAllConnections();
    });
    await once(server, 'listening');
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const refused = (request: Promise<string>, text: RegExp): Promise<void> =>
    assert.rejects(request, (error) => {
      assert.ok(error instanceof CommandError, String(error));
      assert.match(error.message, text);
      return error.exitCode === 1;
    });

  it('keeps the path of the address, whatever its form', async () => {
    const paths: (string | undefined)[] = [];
    const host = await serve(({ url }, response) => {
      paths.push(url);
      response.writeHead(201).end('{"user":"ann","token":"made"}');
    });
    for (const url of [`http://${host}`, `http://${host}/`, `http://${host}/chat/`, `ws://${host}/chat`]) {
      assert.equal(await requestToken({ url, token: 'mine', user: 'ann' }), 'made');
    }
    assert.deepEqual(paths, ['/v1/tokens', '/v1/tokens', '/chat/v1/tokens', '/chat/v1/tokens']);
  });

  it('says in words what was refused, and that what has answered is no server', async () => {
    const answers = ['{"title":"not for you","code":"forbidden"}', '<html>welcome</html>', '', 'null', '5', '{}', '{"token":7}'];
    const host = await serve((_, response) => response.writeHead(403).end(answers.shift()));
    const ask = () => requestToken({ url: `http://${host}/chat`, token: 'mine', user: 'ann' });
    await refused(ask(), /^not for you \(forbidden\)$/);
    while (answers.length > 0) await refused(ask(), new RegExp(`^what answers at http://${host}/chat is no Hubbub server.*403`));
  });

  it('does not wait for ever: neither for the answer nor for the rest of it', async () => {
    const hosts = [await serve(() => {}), await serve((_, response) => response.write('{"tok'))];
    for (const host of hosts)
      await refused(requestToken({ url: `http://${host}`, token: 'mine', user: 'ann' }, 100), /did not answer in time/);
    for (const stop of stops.splice(0)) stop();
    await refused(requestToken({ url: `http://${hosts[0]}`, token: 'mine', user: 'ann' }), /^no server answers/);
  });
});
