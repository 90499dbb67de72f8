/** Who gets a WebSocket, and what it may carry. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { limits } from '@hubbub/protocol/limits';
import type { WebSocket } from 'ws';
import { closing, Links, upgrade, waitFor } from './links.fixture.ts';

describe('upgrade', () => {
  let on: Links;

  beforeEach(async () => {
    on = await Links.start();
  });

  afterEach(() => on.end());

  it('P11: takes a frame of 256 KiB, in 16 fragments', async () => {
    const { client, link } = await on.open();
    const part = 'x'.repeat(limits.frameBytes / 16);
    for (let at = 1; at <= 16; at++) client.send(part, { fin: at === 16 });
    await waitFor('the frame', () => link.frames.length === 1);
    assert.equal(link.frames[0]?.length, limits.frameBytes);
  });

  const tooLarge: [string, (client: WebSocket) => void][] = [
    ['one byte more', (client) => client.send('x'.repeat(limits.frameBytes + 1))],
    [
      'one fragment more',
      (client) => {
        for (let at = 1; at <= 17; at++) client.send('x', { fin: at === 17 });
      },
    ],
  ];
  for (const [what, send] of tooLarge) {
    it(`P11, P16: ${what} is frame_too_large, said before the close`, async () => {
      const { client, link, heard } = await on.open();
      send(client);
      assert.deepEqual(await closing(client), [1009, 'frame_too_large']);
      assert.equal(JSON.parse(heard[0] ?? '{}').error.code, 'frame_too_large');
      assert.deepEqual(link.frames, []);
      await waitFor('the end', () => link.closed);
    });
  }

  it('P11: gives a binary message to the node as what it cannot read', async () => {
    const { client, link } = await on.open();
    client.send(Buffer.from('{"req":1,"cmd":"ping"}'));
    await waitFor('it', () => link.frames.length === 1);
    assert.throws(() => JSON.parse(link.frames[0] ?? ''));
  });

  it('closes what is no UTF-8 with bad_frame', async () => {
    const { client, heard } = await on.open();
    client.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false });
    assert.deepEqual(await closing(client), [4400, 'bad_frame']);
    assert.equal(JSON.parse(heard[0] ?? '{}').error.code, 'bad_frame');
  });

  it('bears one that has gone by the time it is looked at, whatever it says of itself', async () => {
    const before = on.sockets.length;
    for (let nth = 0; nth < 50; nth++) {
      const socket = connect({ port: on.port, host: '127.0.0.1' });
      await once(socket, 'connect');
      socket.write(upgrade('/v1/ws', 'X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Host: here\r\nOrigin: http://here:8080\r\n'));
      socket.resetAndDestroy();
    }
    await waitFor('all of them', () => on.sockets.length === before + 50 && on.sockets.every(({ destroyed }) => destroyed));
    const { client } = await on.open();
    assert.equal(client.readyState, client.OPEN);
  });

  it('P12: lets in programs and pages of this very host, no others', async () => {
    await on.open('/v1/ws', { Origin: `http://127.0.0.1:${on.port}` });
    const answer = await on.raw(upgrade('/v1/ws', 'Origin: http://elsewhere:8080\r\n'));
    assert.match(answer, /^HTTP\/1\.1 403 /);
    assert.match(answer, /Content-Type: application\/problem\+json/);
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
    assert.deepEqual([body.status, body.code], [403, 'forbidden']);
    assert.equal(on.links.length, 1);
  });

  for (const target of ['/', '/v1/ws/', '/v1/WS', '//', 'http://[', '/v1/%77s', '*']) {
    it(`refuses an upgrade of ${target}`, async () => {
      assert.match(await on.raw(upgrade(target)), /^HTTP\/1\.1 404 .*application\/problem\+json/s);
      assert.equal(on.links.length, 0);
    });
  }

  it('refuses what only looks like an upgrade, and goes on', async () => {
    assert.match(
      await on.raw('GET /v1/ws HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
      /^HTTP\/1\.1 400 /,
    );
    const { client, link } = await on.open();
    client.send('still there');
    await waitFor('it', () => link.frames.length === 1);
  });

  it('P36: refuses upgrades while its node is going, so that a balancer takes them elsewhere, and leaves the open links as they are', async () => {
    const { client, link } = await on.open();
    on.draining = true;
    const answer = await on.raw(upgrade('/v1/ws'));
    assert.match(answer, /^HTTP\/1\.1 503 .*application\/problem\+json/s);
    assert.equal(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).code, 'draining');
    assert.equal(on.links.length, 1);
    client.send('still there');
    await waitFor('it', () => link.frames.length === 1);
  });

  it('takes no more upgrades once stopped, and leaves the open links to their node', async () => {
    const { client, link } = await on.open();
    on.stop();
    const late = on.dial();
    const [error] = (await once(late, 'error')) as [Error];
    assert.match(error.message, /Unexpected server response: 200/);
    client.send('still there');
    await waitFor('it', () => link.frames.length === 1);
  });
});
