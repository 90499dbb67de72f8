import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Frame } from '../core/transport.ts';
import { closing, Links, waitFor } from './links.fixture.ts';
import { encodeFrame } from './websocket.ts';

describe('websocket', () => {
  let on: Links;

  beforeEach(async () => {
    on = await Links.start();
  });

  afterEach(() => on.end());

  it('brings frames of all sizes both ways, in their order, without compression', async () => {
    const { client, link, heard } = await on.open('/v1/ws?anything');
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
    const one = await on.open();
    const two = await on.open();
    const frame = new Frame('for all');
    const bytes = frame.encoded('websocket', encodeFrame);
    for (const { link } of [one, two]) link.transport.write(frame);
    await waitFor('both', () => one.heard.length === 1 && two.heard.length === 1);
    assert.equal(frame.encoded('websocket', encodeFrame), bytes);
  });

  it('hands what one turn brings to the system in one call', async () => {
    const { link, heard } = await on.open();
    const socket = on.sockets[0] as Socket & { _writev: Socket['_writev']; _write: Socket['_write'] };
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
    const { client, link, heard } = await on.open();
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
    const { client, link } = await on.open();
    const { transport } = link;
    on.now = 5_000;
    assert.ok(transport.heardAt() < 5_000);
    client.ping();
    await waitFor('the ping', () => transport.heardAt() === 5_000);
    on.now = 6_000;
    transport.ping();
    await waitFor('the answer to ours', () => transport.heardAt() === 6_000);
  });

  it('is heard while bytes wait and the kernel takes some, and is not when it takes none', async () => {
    const { client, link } = await on.open();
    const { transport } = link;
    const stuck = async (): Promise<void> => {
      // Not more in one piece than the kernel takes at once, or it would be one write that lasts.
      while (transport.room() > -8_000_000) transport.write(new Frame('x'.repeat(100_000)));
      await new Promise((resolve) => setImmediate(resolve));
    };
    client.pause();
    await stuck();
    on.now = 10_000;
    const before = transport.heardAt();
    assert.ok(before < 10_000, 'what an empty kernel buffer takes says nothing of the peer');
    on.now = 20_000;
    assert.equal(transport.heardAt(), before);
    const unsent = on.sockets[0]?.writableLength ?? 0;
    client.resume();
    await waitFor('some to go', () => transport.heardAt() === 20_000);
    assert.ok(unsent > 0);
    client.pause();
    await waitFor('the last of what was under way', () => {
      on.now += 1;
      return transport.heardAt() < on.now;
    });
    const stopped = transport.heardAt();
    on.now += 10_000;
    assert.equal(transport.heardAt(), stopped);
  });

  it('answers pings only while there is room: who asks and does not read costs nothing', async () => {
    const { client, link } = await on.open();
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
    const { client, link, heard } = await on.open();
    link.transport.write(new Frame('before'));
    link.transport.close('silent', 'no sign of life');
    const bytes = on.sockets[0]?.bytesWritten;
    link.transport.write(new Frame('after'));
    link.transport.ping();
    assert.equal(on.sockets[0]?.bytesWritten, bytes);
    assert.deepEqual(await closing(client), [4410, 'silent']);
    assert.deepEqual(heard, ['before']);
    await waitFor('the end', () => link.closed);
    assert.deepEqual(on.timers, []);
  });

  it('uses 1008 for a code without a number of its own', async () => {
    const { client, link } = await on.open();
    link.transport.close('unavailable', 'later');
    assert.deepEqual(await closing(client), [1008, 'unavailable']);
  });

  it('ends a peer that does not answer the close', async () => {
    const { client, link } = await on.open();
    client.pause();
    link.transport.close('closing', 'the server is closing');
    on.passes(999);
    assert.equal(on.sockets[0]?.destroyed, false);
    on.passes(1);
    assert.equal(on.sockets[0]?.destroyed, true);
    await waitFor('the end', () => link.closed);
  });

  it('tells its node of a client that goes, however it goes', async () => {
    const one = await on.open();
    one.client.close();
    await waitFor('a close', () => one.link.closed);
    const two = await on.open();
    two.client.terminate();
    await waitFor('a reset', () => two.link.closed);
    two.link.transport.write(new Frame('nobody'));
    two.link.transport.close('closing', 'nobody');
    assert.deepEqual(on.timers, []);
  });
});
