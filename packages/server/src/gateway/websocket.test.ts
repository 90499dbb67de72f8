import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { limits } from '@hubbub/protocol/limits';
import { WebSocket } from 'ws';
import { Frame, type LinkSink, type Transport } from '../core/transport.ts';
import { encodeFrame, listenWebSocket } from './websocket.ts';

/** A link as a node sees it. */
interface Attached {
  readonly transport: Transport;
  readonly frames: string[];
  rooms: number;
  closed: boolean;
}

async function waitFor(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never came about: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe('websocket', () => {
  let server: Server;
  let stop: () => void;
  let links: Attached[];
  /** The server's sockets, in the order in which they came. */
  let sockets: Socket[];
  let clock: { now: number; timers: { at: number; run: () => void }[] };
  const clients: { terminate?: () => void; destroy?: () => void }[] = [];

  const port = (): number => (server.address() as AddressInfo).port;

  function passes(ms: number): void {
    clock.now += ms;
    const due = clock.timers.filter(({ at }) => at <= clock.now);
    clock.timers = clock.timers.filter(({ at }) => at > clock.now);
    for (const { run } of due) run();
  }

  beforeEach(async () => {
    links = [];
    sockets = [];
    clock = { now: 1_000, timers: [] };
    server = createServer((_, response) => response.end('page'));
    server.on('connection', (socket) => sockets.push(socket));
    stop = listenWebSocket(server, {
      env: {
        now: () => clock.now,
        timer: (ms, run) => {
          const timer = { at: clock.now + ms, run };
          clock.timers.push(timer);
          return () => {
            clock.timers = clock.timers.filter((one) => one !== timer);
          };
        },
        turn: (run) => void setImmediate(run),
        random: Math.random,
        count: () => {},
      },
      attach: (transport): LinkSink => {
        const link: Attached = { transport, frames: [], rooms: 0, closed: false };
        links.push(link);
        return {
          onFrame: (text) => void link.frames.push(text),
          onRoom: () => {
            link.rooms += 1;
          },
          onClosed: () => {
            assert.equal(link.closed, false, 'told once');
            link.closed = true;
          },
        };
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) (client.terminate ?? client.destroy)?.call(client);
    stop();
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  async function open(
    path = '/v1/ws',
    headers: Record<string, string> = {},
  ): Promise<{ client: WebSocket; link: Attached; heard: string[] }> {
    const client = new WebSocket(`ws://127.0.0.1:${port()}${path}`, { headers, perMessageDeflate: true });
    clients.push(client);
    const heard: string[] = [];
    client.on('message', (data, isBinary) => heard.push(isBinary ? 'binary' : data.toString()));
    client.on('error', () => {});
    await once(client, 'open');
    const link = links.at(-1);
    assert.ok(link);
    return { client, link, heard };
  }

  /** Speaks the protocol by hand: what comes back for these bytes, until the server has ended it. */
  async function raw(request: string): Promise<string> {
    const socket = connect({ port: port(), host: '127.0.0.1', allowHalfOpen: true });
    clients.push(socket);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.write(request);
    await once(socket, 'end');
    await waitFor('the other half to be closed', () => sockets.at(-1)?.destroyed === true);
    return answer;
  }

  const upgrade = (target: string, more = ''): string =>
    `GET ${target} HTTP/1.1\r\nHost: here:8080\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n${more}\r\n`;

  async function closing(client: WebSocket): Promise<[number, string]> {
    const [code, reason] = (await once(client, 'close')) as [number, Buffer];
    return [code, reason.toString()];
  }

  it('brings frames of all sizes both ways, in their order, without compression', async () => {
    const { client, link, heard } = await open('/v1/ws?anything');
    assert.equal(client.extensions, '');
    const sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000];
    const texts = [...sizes.map((size) => 'x'.repeat(size)), 'übermäßig', '👍'.repeat(40), '\u0000"\n'];
    for (const text of texts) link.transport.write(new Frame(text));
    await waitFor('all frames', () => heard.length === texts.length);
    assert.deepEqual(heard, texts);
    for (const text of texts) client.send(text);
    await waitFor('all frames at the node', () => link.frames.length === texts.length);
    assert.deepEqual(link.frames, texts);
  });

  it('writes the header of RFC 6455, 5.2', () => {
    const head = (text: string, bytes: number): number[] => [...encodeFrame(text).subarray(0, bytes)];
    assert.deepEqual([...encodeFrame('Hello')], [0x81, 5, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    assert.deepEqual(head('x'.repeat(125), 3), [0x81, 125, 0x78]);
    assert.deepEqual(head('x'.repeat(126), 5), [0x81, 126, 0, 126, 0x78]);
    assert.deepEqual(head('x'.repeat(65_535), 5), [0x81, 126, 255, 255, 0x78]);
    assert.deepEqual(head('x'.repeat(65_536), 11), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0, 0x78]);
  });

  it('encodes a shared frame once', async () => {
    const one = await open();
    const two = await open();
    const frame = new Frame('for all');
    const bytes = frame.encoded('websocket', encodeFrame);
    for (const { link } of [one, two]) link.transport.write(frame);
    await waitFor('both', () => one.heard.length === 1 && two.heard.length === 1);
    assert.equal(frame.encoded('websocket', encodeFrame), bytes);
  });

  it('hands what one turn brings to the system in one call', async () => {
    const { link, heard } = await open();
    const socket = sockets[0] as Socket & { _writev: Socket['_writev']; _write: Socket['_write'] };
    let calls = 0;
    for (const name of ['_write', '_writev'] as const) {
      const original = socket[name] as (...given: unknown[]) => void;
      Object.assign(socket, {
        [name]: (...given: unknown[]) => {
          calls += 1;
          original.apply(socket, given);
        },
      });
    }
    for (let at = 0; at < 20; at++) link.transport.write(new Frame(`frame ${at}`));
    await waitFor('all', () => heard.length === 20);
    assert.equal(calls, 1);
  });

  it('has less room the more is unsent, none above 64 KiB, and says when there is room again', async () => {
    const { client, link, heard } = await open();
    const { transport } = link;
    assert.equal(transport.room(), 65_536);
    client.pause();
    let written = 0;
    while (transport.room() > 0) {
      transport.write(new Frame(`${written} ${'x'.repeat(30_000)}`));
      written += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(transport.room() > -40_000, 'one frame above it at most');
    assert.equal(link.rooms, 0);
    client.resume();
    await waitFor('room', () => link.rooms === 1);
    assert.equal(transport.room(), 65_536);
    await waitFor('all of it', () => heard.length === written);
    assert.deepEqual(
      heard.map((text) => Number.parseInt(text, 10)),
      Array.from({ length: written }, (_, at) => at),
    );
  });

  it('is heard by any byte that comes in', async () => {
    const { client, link } = await open();
    const { transport } = link;
    clock.now = 5_000;
    assert.ok(transport.heardAt() < 5_000);
    client.ping();
    await waitFor('the ping', () => transport.heardAt() === 5_000);
    clock.now = 6_000;
    transport.ping();
    await waitFor('the answer to ours', () => transport.heardAt() === 6_000);
  });

  it('is heard while bytes wait and the kernel takes some, and is not when it takes none', async () => {
    const { client, link } = await open();
    const { transport } = link;
    const stuck = async (): Promise<void> => {
      // Not more in one piece than the kernel takes at once, or it would be one write that lasts.
      while (transport.room() > -8_000_000) transport.write(new Frame('x'.repeat(100_000)));
      await new Promise((resolve) => setImmediate(resolve));
    };
    client.pause();
    await stuck();
    clock.now = 10_000;
    const before = transport.heardAt();
    assert.ok(before < 10_000, 'what an empty kernel buffer takes says nothing of the peer');
    clock.now = 20_000;
    assert.equal(transport.heardAt(), before);
    const unsent = sockets[0]?.writableLength ?? 0;
    client.resume();
    await waitFor('some to go', () => transport.heardAt() === 20_000);
    assert.ok(unsent > 0);
    client.pause();
    await waitFor('the last of what was under way', () => {
      clock.now += 1;
      return transport.heardAt() < clock.now;
    });
    const stopped = transport.heardAt();
    clock.now += 10_000;
    assert.equal(transport.heardAt(), stopped);
  });

  it('answers pings only while there is room: who asks and does not read costs nothing', async () => {
    const { client, link } = await open();
    client.ping();
    await once(client, 'pong');
    client.pause();
    while (link.transport.room() > 0) {
      link.transport.write(new Frame('x'.repeat(30_000)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const full = link.transport.room();
    for (let at = 0; at < 1_000; at++) client.ping();
    client.send('after them');
    await waitFor('what was sent after them', () => link.frames.length === 1);
    assert.ok(link.transport.room() >= full);
  });

  it('closes with the number and the name of the code, and writes nothing behind it', async () => {
    const { client, link, heard } = await open();
    link.transport.write(new Frame('before'));
    link.transport.close('silent', 'no sign of life');
    const bytes = sockets[0]?.bytesWritten;
    link.transport.write(new Frame('after'));
    link.transport.ping();
    assert.equal(sockets[0]?.bytesWritten, bytes);
    assert.deepEqual(await closing(client), [4410, 'silent']);
    assert.deepEqual(heard, ['before']);
    await waitFor('the end', () => link.closed);
    assert.deepEqual(clock.timers, []);
  });

  it('uses 1008 for a code without a number of its own', async () => {
    const { client, link } = await open();
    link.transport.close('overloaded', 'later');
    assert.deepEqual(await closing(client), [1008, 'overloaded']);
  });

  it('ends a peer that does not answer the close', async () => {
    const { client, link } = await open();
    client.pause();
    link.transport.close('closing', 'the server is closing');
    passes(999);
    assert.equal(sockets[0]?.destroyed, false);
    passes(1);
    assert.equal(sockets[0]?.destroyed, true);
    await waitFor('the end', () => link.closed);
  });

  it('tells its node of a client that goes, however it goes', async () => {
    const one = await open();
    one.client.close();
    await waitFor('a close', () => one.link.closed);
    const two = await open();
    two.client.terminate();
    await waitFor('a reset', () => two.link.closed);
    two.link.transport.write(new Frame('nobody'));
    two.link.transport.close('closing', 'nobody');
    assert.deepEqual(clock.timers, []);
  });

  it('P11: takes a frame of 256 KiB, in 16 fragments', async () => {
    const { client, link } = await open();
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
      const { client, link, heard } = await open();
      send(client);
      assert.deepEqual(await closing(client), [1009, 'frame_too_large']);
      assert.equal(JSON.parse(heard[0] ?? '{}').error.code, 'frame_too_large');
      assert.deepEqual(link.frames, []);
      await waitFor('the end', () => link.closed);
    });
  }

  it('P11: gives a binary message to the node as what it cannot read', async () => {
    const { client, link } = await open();
    client.send(Buffer.from('{"req":1,"cmd":"ping"}'));
    await waitFor('it', () => link.frames.length === 1);
    assert.throws(() => JSON.parse(link.frames[0] ?? ''));
  });

  it('closes what is no UTF-8 with bad_frame', async () => {
    const { client, heard } = await open();
    client.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false });
    assert.deepEqual(await closing(client), [4400, 'bad_frame']);
    assert.equal(JSON.parse(heard[0] ?? '{}').error.code, 'bad_frame');
  });

  it('P12: lets in programs and pages of this very host, no others', async () => {
    await open('/v1/ws', { Origin: `http://127.0.0.1:${port()}` });
    const answer = await raw(upgrade('/v1/ws', 'Origin: http://elsewhere:8080\r\n'));
    assert.match(answer, /^HTTP\/1\.1 403 /);
    assert.match(answer, /Content-Type: application\/problem\+json/);
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
    assert.deepEqual([body.status, body.code], [403, 'forbidden']);
    assert.equal(links.length, 1);
  });

  for (const target of ['/', '/v1/ws/', '/v1/WS', '//', 'http://[', '/v1/%77s', '*']) {
    it(`refuses an upgrade of ${target}`, async () => {
      assert.match(await raw(upgrade(target)), /^HTTP\/1\.1 404 .*application\/problem\+json/s);
      assert.equal(links.length, 0);
    });
  }

  it('refuses what only looks like an upgrade, and goes on', async () => {
    assert.match(await raw('GET /v1/ws HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'), /^HTTP\/1\.1 400 /);
    const { client, link } = await open();
    client.send('still there');
    await waitFor('it', () => link.frames.length === 1);
  });

  it('takes no more upgrades once stopped, and leaves the open links to their node', async () => {
    const { client, link } = await open();
    stop();
    const late = new WebSocket(`ws://127.0.0.1:${port()}/v1/ws`);
    clients.push(late);
    const [error] = (await once(late, 'error')) as [Error];
    assert.match(error.message, /Unexpected server response: 200/);
    client.send('still there');
    await waitFor('it', () => link.frames.length === 1);
  });
});
