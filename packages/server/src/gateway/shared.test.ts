/** WebSockets on a server that is somebody else's: whatever is not ours meets what it would have met without us. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import type { Transport } from '../core/transport.ts';
import { upgrade } from './links.fixture.ts';
import { Peers } from './peers.ts';
import { listenWebSocket, type WebSocketParts } from './websocket.ts';

const env: WebSocketParts['env'] = {
  now: () => 1_000,
  timer: () => () => {},
  turn: (run) => void setImmediate(run),
  random: Math.random,
  count: () => {},
};

describe('a shared server', () => {
  let host: Server;
  let links: Transport[];
  let stop: () => void;

  beforeEach(async () => {
    host = createServer((_, response) => response.setHeader('connection', 'close').end('an ordinary answer')).listen(0, '127.0.0.1');
    await once(host, 'listening');
    links = [];
    stop = share();
  });

  afterEach(async () => {
    stop();
    host.close();
    await once(host, 'close');
  });

  function share(): () => void {
    return listenWebSocket(host, {
      env,
      peers: new Peers({ trustProxy: [], origins: [], now: env.now }),
      shared: true,
      draining: () => false,
      attach: (transport) => {
        links.push(transport);
        return { onFrame: () => {}, onRoom: () => {}, onClosed: () => {} };
      },
    });
  }

  /** What comes back for these bytes, until the server closes. */
  async function raw(request: string): Promise<string> {
    const socket = connect((host.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8');
    let answer = '';
    socket.on('data', (text) => {
      answer += text;
    });
    socket.write(request);
    await once(socket, 'close');
    return answer;
  }

  /** Opens a link, and says what it hears first. */
  async function hears(path: string): Promise<string> {
    const client = new WebSocket(`ws://127.0.0.1:${(host.address() as AddressInfo).port}${path}`);
    const [data] = (await once(client, 'message')) as [Buffer];
    client.terminate();
    await once(client, 'close');
    return data.toString();
  }

  const offer =
    'GET /page HTTP/1.1\r\nHost: here\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n';

  it('takes our path', async () => {
    const client = new WebSocket(`ws://127.0.0.1:${(host.address() as AddressInfo).port}/v1/ws`);
    await once(client, 'open');
    assert.equal(links.length, 1);
    client.terminate();
    await once(client, 'close');
  });

  it('answers what nobody upgrades as an ordinary request', async () => {
    for (const request of [offer, upgrade('/elsewhere')]) assert.match(await raw(request), /^HTTP\/1\.1 200 .*an ordinary answer$/s);
    assert.equal(links.length, 0);
  });

  for (const when of ['before', 'after'] as const) {
    it(`leaves other paths to the upgrades of the host, taken ${when} it`, async () => {
      if (when === 'before') stop();
      const theirs = new WebSocketServer({ noServer: true });
      host.on('upgrade', (request, socket, head) => {
        if (request.url === '/theirs') theirs.handleUpgrade(request, socket, head, (client) => client.send('theirs'));
      });
      if (when === 'before') stop = share();
      assert.equal(await hears('/theirs'), 'theirs');
      assert.equal(links.length, 0);
    });
  }

  it('asks the host which offers it takes, as before', async () => {
    stop();
    const asked: (string | undefined)[] = [];
    const picky = host as Server & { shouldUpgradeCallback: (request: { url?: string }) => boolean };
    picky.shouldUpgradeCallback = ({ url }) => {
      asked.push(url);
      return false;
    };
    const before = picky.shouldUpgradeCallback;
    host.on('upgrade', () => assert.fail('taken'));
    stop = share();
    assert.match(await raw(offer), /an ordinary answer$/);
    assert.deepEqual(asked, ['/page']);
    stop();
    assert.equal(picky.shouldUpgradeCallback, before);
  });

  it('is as it was once we have gone', async () => {
    stop();
    assert.match(await raw(upgrade('/v1/ws')), /^HTTP\/1\.1 200 .*an ordinary answer$/s);
    assert.equal(host.listenerCount('upgrade'), 0);
  });
});
