import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { Hall, type HandClient, type Pair } from './half-open.fixture.ts';

const upTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1);
const lastEventAt = ({ given }: HandClient): number => given.findLast(({ name }) => name === 'events')?.at ?? 0;

/** Bytes that have left the process. `bytesWritten` counts what waits, too. */
function takenOf(socket: Socket): number {
  const { _handle } = socket as Socket & { readonly _handle?: { readonly bytesWritten: number; readonly writeQueueSize: number } | null };
  return _handle ? _handle.bytesWritten - _handle.writeQueueSize : 0;
}

/** Sends an event, which somebody who does all that he should is given at once. */
async function sendBeside(hall: Hall, { client }: Pair, bytes = 10): Promise<void> {
  await hall.send(1, bytes);
  assert.equal(client.offsets.length, hall.head);
}

/** He has been given every event, and was not called behind for a moment. */
function assertUndisturbed({ client, socket }: Pair, head: number): void {
  assert.deepEqual(client.offsets, upTo(head));
  assert.equal(client.given.filter(({ name }) => name === 'state').length, 0);
  assert.equal(socket.destroyed, false);
}

describe('a client that has vanished and left its connection', () => {
  it('I8 is given nothing after two pings without an answer, is closed after 60 s with "silent", and disturbs nobody', async () => {
    await using hall = await Hall.open();
    const neighbour = await hall.join('ben', true);
    // One for each second of the beat: when it is looked at does not change what is promised.
    const mute: Pair[] = [];
    for (let at = 0; at < 10; at++) mute.push(await hall.join(`mute${at}`, false));
    const joined = hall.clock.env.now();
    await hall.seconds(75, () => sendBeside(hall, neighbour));

    for (const { client, socket } of mute) {
      const { given } = client;
      const silentFor = lastEventAt(client) - joined;
      assert.ok(silentFor >= 20_000 && silentFor < 30_000, `the last event came after ${silentFor} ms`);
      assert.deepEqual(client.offsets, upTo(client.offsets.length), 'all up to there');
      const after = given.slice(given.findLastIndex(({ name }) => name === 'events' || name === 'health') + 1);
      const before = given.slice(0, -after.length);
      assert.equal(before.filter(({ kind }) => kind === 'ping').length, 2, 'two pings without an answer');
      const names = after.map(({ kind, name }) => `${kind} ${name}`.trim());
      assert.deepEqual(names.splice(-2), ['push error', 'close 4410']);
      assert.ok(names.length >= 3 && names.every((name) => name === 'ping'), names.join());
      const closedFor = (after.at(-1)?.at ?? 0) - joined;
      assert.ok(closedFor >= 60_000 && closedFor <= 70_000, `closed after ${closedFor} ms`);
      assert.equal(socket.destroyed, true);
    }
    assert.deepEqual([hall.clock.counts.get('link_dead'), hall.clock.counts.get('link_silent')], [10, 10]);
    assertUndisturbed(neighbour, 75);
  });

  it('I8 with a full connection is written nothing but pings, and is closed 60 s after the system last took something', async () => {
    await using hall = await Hall.open();
    const neighbour = await hall.join('ben', true);
    const vanished = await hall.join('vera', false);
    const { client, socket } = vanished;
    client.pause();
    await hall.fill(vanished);
    const full = socket.bytesWritten;
    let taken = takenOf(socket);
    let tookAt = hall.clock.env.now();
    let closedAt = 0;
    await hall.seconds(80, async () => {
      if (socket.destroyed) return;
      const now = hall.clock.env.now();
      if (takenOf(socket) > taken) tookAt = now;
      taken = takenOf(socket);
      if (closedAt === 0 && hall.node.status().links === 2) closedAt = now;
      else await sendBeside(hall, neighbour);
    });
    assert.ok(closedAt - tookAt >= 60_000 && closedAt - tookAt <= 71_000, `closed after ${closedAt - tookAt} ms`);
    assert.ok(socket.destroyed, 'who does not take our close either is cut off');
    // Seven pings, the error, the close.
    assert.ok(socket.bytesWritten - full < 200, `${socket.bytesWritten - full} bytes`);
    assert.equal(hall.clock.counts.get('link_silent'), 1);
    assertUndisturbed(neighbour, hall.head);
  });

  it('I1 I2 I3 is behind, and gets all it has missed when it speaks again before it is closed', async () => {
    await using hall = await Hall.open();
    const neighbour = await hall.join('ben', true);
    const { client } = await hall.join('vera', false);
    await hall.seconds(50, () => sendBeside(hall, neighbour));
    const missed = hall.head - client.offsets.length;
    assert.ok(missed >= 20, `${missed} events are missing`);
    client.say('ping');
    await hall.quiet();
    assert.deepEqual(client.offsets, upTo(50));
    await hall.seconds(5, () => sendBeside(hall, neighbour));
    assert.deepEqual(client.offsets, upTo(55), 'and is live again');
    assertUndisturbed(neighbour, 55);
  });
});

describe('a client that is there', () => {
  it('I8 I3 but does not read, is not closed while it says ping, holds nothing but a full link, and gets all when it reads', async () => {
    await using hall = await Hall.open();
    const neighbour = await hall.join('ben', true);
    const deaf = await hall.join('dora', false);
    const { client, socket } = deaf;
    client.pause();
    await hall.fill(deaf);
    const full = socket.writableLength;
    let seconds = 0;
    await hall.seconds(180, async () => {
      seconds += 1;
      if (seconds % 10 === 0) client.say('ping');
      await sendBeside(hall, neighbour, 1_000);
    });
    assert.equal(socket.destroyed, false);
    // Eighteen short replies, and as many pings.
    assert.ok(socket.writableLength - full < 1_000, `${socket.writableLength - full} bytes more`);
    assert.ok(full <= 64 * 1_024 + 34 * 1_024, 'one page above what a link holds');
    client.resume();
    await hall.quiet();
    assert.deepEqual(client.offsets, upTo(hall.head));
    assert.equal(client.count('reply'), 2 + 18);
    assert.equal(hall.clock.counts.get('link_dead'), undefined);
    assertUndisturbed(neighbour, hall.head);
  });

  it('I8 I3 and reads slowly is not closed, though it answers nothing: the system takes some of what waits', async () => {
    await using hall = await Hall.open();
    const neighbour = await hall.join('ben', true);
    const slow = await hall.join('sven', false);
    const { client, socket } = slow;
    client.pause();
    for (let tens = 0; tens < 12; tens++) {
      await hall.fill(slow);
      await hall.seconds(10);
      const before = takenOf(socket);
      await client.readUntil('the system to take more', () => takenOf(socket) > before);
    }
    assert.equal(socket.destroyed, false);
    assert.equal(hall.clock.counts.get('link_dead'), undefined);
    assert.ok(client.offsets.length < hall.head, 'it never was abreast');
    client.resume();
    await hall.quiet();
    assert.deepEqual(client.offsets, upTo(hall.head));
    assertUndisturbed(neighbour, hall.head);
  });
});
