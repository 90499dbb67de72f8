/** A client that stops reading, beside one that reads: real processes, real sockets. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { connect } from '@hubbub/client';
import { RawLink } from './raw-link.ts';
import { adminToken, createRooms, Stage } from './server-rig.ts';

const channel = 'room:slow';
const events = 2_200;
const size = 8_000;
/** What a server may grow by, that has 17 MB to give to somebody who takes none of it: its own work's garbage, not the 17 MB. */
const growth = 96 * 1_024 * 1_024;

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
}

describe('a client that does not read', () => {
  it('I8 I2 I3 costs no memory, is not closed for it, holds up nobody, and gets everything when it reads again', async (t) => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const token = adminToken(server);
    await createRooms(server, channel);
    using slow = await RawLink.open(server.url, { token });
    await slow.ask('subscribe', { to: [{ channel, position: '0' }] });
    slow.socket.pause();

    const reader = connect({ url: server.url, credentials: { token } });
    const read: number[] = [];
    const caughtUp = Promise.withResolvers<void>();
    reader.subscribe(channel, {
      position: '0',
      onEvents: (batch) => {
        read.push(...batch.map(({ offset }) => offset));
        if (read.length > events) caughtUp.resolve();
      },
    });
    const sender = connect({ url: server.url, credentials: { token } });
    const before = residentBytes(server.process.pid);
    let most = before;
    for (let sent = 0; sent < events; sent += 100) {
      const batch = Array.from({ length: 100 }, (_, at) => ({ kind: 'message', body: { text: `${sent + at} ${'x'.repeat(size)}` } }));
      await Promise.all(batch.map((draft) => sender.send(channel, draft)));
      most = Math.max(most, residentBytes(server.process.pid));
    }
    await caughtUp.promise;
    // The first one made the room.
    assert.deepEqual(
      read,
      Array.from({ length: events + 1 }, (_, at) => at + 1),
    );
    t.diagnostic(`${Math.round((events * size) / 1e6)} MB offered; the server grew by ${Math.round((most - before) / 1e6)} MB`);
    assert.ok(most - before < growth, `${most - before} bytes`);

    slow.socket.resume();
    const state = await slow.until(({ push, state }) => push === 'state' && state === 'behind');
    assert.equal(state['channel'], channel);
    await slow.until(({ push, state }) => push === 'state' && state === 'live');
    const got = slow.heard.flatMap((answer) => (answer.push === 'events' ? (answer['events'] as { offset: number }[]) : []));
    assert.deepEqual(
      got.map(({ offset }) => offset),
      Array.from({ length: events + 1 }, (_, at) => at + 1),
    );
    for (const client of [reader, sender]) client.close();
  });
});

describe('a server that is told to stop', () => {
  it('says bye, answers what it has taken, closes with its code, and ends with 0; nothing acknowledged is missing', async () => {
    await using stage = new Stage();
    const data = stage.folder();
    const server = await stage.serve(data);
    using link = await RawLink.open(server.url, { token: adminToken(server) });
    const sending = link.ask('send', { channel, events: [{ id: crypto.randomUUID(), kind: 'message', body: { text: 'last words' } }] });
    server.process.signal('SIGTERM');
    // The signal may be there before the command is: then it is not taken, and not acknowledged.
    const reply = await sending.catch(() => undefined);
    const bye = await link.until(({ push }) => push === 'bye');
    assert.deepEqual(bye, { push: 'bye', after: 0, retryAfter: 1_000 });
    assert.match(await link.closed, /^1001 /);
    assert.deepEqual(await server.process.exited, { code: 0, signal: null });

    const [result] = (reply?.['results'] ?? []) as { offset?: number }[];
    const again = await stage.serve(data);
    using reader = await RawLink.open(again.url, { token: adminToken(again) });
    const found = await reader.ask('subscribe', { to: [{ channel, position: '0' }] });
    const [standing] = found['results'] as { head: number }[];
    assert.ok((standing?.head ?? 0) >= (result?.offset ?? 0), 'what was acknowledged is there');
  });

  it('P36 with --drain lets links work on, lets nobody new in, and ends with the last link', async () => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder(), '--drain', '600');
    const credentials = { token: adminToken(server) };
    using link = await RawLink.open(server.url, credentials);
    server.process.signal('SIGTERM');
    const bye = await link.until(({ push }) => push === 'bye');
    assert.ok(Number(bye['after']) > 0 && Number(bye['after']) <= 480_001, JSON.stringify(bye));
    await assert.rejects(RawLink.open(server.url), /503/);
    const sent = await link.ask('send', { channel, events: [{ id: crypto.randomUUID(), kind: 'message', body: 'last words' }] });
    assert.equal((sent['results'] as { offset: number }[])[0]?.offset, 1);
    link.socket.close();
    assert.deepEqual(await server.process.exited, { code: 0, signal: null });
  });
});
