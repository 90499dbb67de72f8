import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setUpClient } from './client.fixture.ts';
import type { FakeLink } from './connection.fixture.ts';

const event = (offset: number) => ({
  offset,
  n: offset,
  ts: 1,
  id: `${offset}`,
  from: 'ann',
  kind: 'message',
  body: { text: `${offset}` },
});
const subscribed = { position: '0~e', head: 0, n: 0, first: 1, live: true };

async function setUp() {
  const stage = setUpClient({ name: 'ann' });
  const link = await stage.open();
  const hear = (from: number, to: number): void => {
    const events = Array.from({ length: to - from + 1 }, (_, at) => event(from + at));
    link.hear({ push: 'events', channel: 'room:x', epoch: 'e', events });
  };
  const answer = async (members: object): Promise<void> => {
    await stage.clock.flush();
    link.answer({ results: [members] });
    await stage.clock.flush();
  };
  return { ...stage, link, hear, answer };
}

const subscriptions = ({ said }: FakeLink): unknown[] =>
  said.flatMap((frame) => (frame.cmd === 'subscribe' ? (frame as unknown as { to: unknown[] }).to : []));

describe('events, one by one', () => {
  it('come in the order of the log, those that came before they were asked for too', async () => {
    const { client, hear, answer } = await setUp();
    const events = client.channel<{ message: { text: string } }>('room:x').events({ position: '0' });
    const first = events.next();
    await answer(subscribed);
    hear(1, 3);
    const got = [await first, await events.next(), await events.next()].map(({ value }) => value?.body?.text);
    assert.deepEqual(got, ['1', '2', '3']);
    const later = events.next();
    hear(4, 4);
    assert.equal((await later).value?.offset, 4);
    await events.return();
  });

  it('I8: are asked for no further than somebody takes them, and go on from there', async () => {
    const { client, link, hear, answer, clock } = await setUp();
    const events = client.events('room:x', { position: '0' });
    const first = events.next();
    await answer(subscribed);
    hear(1, 1_024);
    assert.equal((await first).value?.offset, 1);
    await clock.flush();
    assert.equal(link.said.at(-1)?.cmd, 'unsubscribe');
    for (let offset = 2; offset <= 1_024; offset++) assert.equal((await events.next()).value?.offset, offset);
    const next = events.next();
    await clock.flush();
    assert.deepEqual(subscriptions(link), [
      { channel: 'room:x', position: '0' },
      { channel: 'room:x', position: '1024~e' },
    ]);
    await answer({ ...subscribed, position: '1024~e', head: 1_025 });
    hear(1_025, 1_025);
    assert.equal((await next).value?.offset, 1_025);
    await events.return();
  });

  it('end with their signal, and with the loop that takes them', async () => {
    const { client, link, answer, clock } = await setUp();
    const abort = new AbortController();
    const events = client.events('room:x', { signal: abort.signal });
    const waiting = events.next();
    await answer(subscribed);
    abort.abort();
    assert.equal((await waiting).done, true);
    await clock.flush();
    assert.equal(link.said.at(-1)?.cmd, 'unsubscribe');
    const before = client.events('room:x', { signal: abort.signal });
    assert.equal((await before.next()).done, true);
  });

  it('I10: end in an error when the client is closed: those that wait, those that are taken, those that begin', async () => {
    const { client, hear, answer } = await setUp();
    const taken = client.events('room:x', { position: '0' });
    const first = taken.next();
    await answer(subscribed);
    hear(1, 3);
    assert.equal((await first).value?.offset, 1);
    const waiting = assert.rejects(client.events('room:y').next(), { name: 'HubbubError', code: 'closed' });
    client.close();
    await waiting;
    await assert.rejects(taken.next(), { code: 'closed' });
    assert.equal((await taken.next()).done, true);
    await assert.rejects(client.events('room:x').next(), { code: 'closed' });
    assert.equal((await client.events('room:x', { signal: AbortSignal.abort() }).next()).done, true);
  });

  it('I3: end in an error when they may not be read, and at a reset that nobody listens to', async () => {
    const { client, link, answer, clock } = await setUp();
    const refused = client.events('room:x').next();
    const end = assert.rejects(refused, { code: 'forbidden' });
    await answer({ error: { code: 'forbidden', text: 'no' } });
    await end;

    const deaf = client.events('room:x', { position: '7~old' });
    const next = deaf.next();
    const reset = assert.rejects(next, { code: 'new_epoch' });
    await answer({ ...subscribed, position: '0~e' });
    link.hear({ push: 'state', channel: 'room:x', state: 'reset', reason: 'new_epoch', position: '0~e' });
    await reset;

    const reasons: string[] = [];
    const listening = client.events('room:x', { position: '7~old', onReset: (reason) => void reasons.push(reason) });
    const first = listening.next();
    await answer({ ...subscribed, position: '0~e' });
    link.hear({ push: 'state', channel: 'room:x', state: 'reset', reason: 'new_epoch', position: '0~e' });
    link.hear({ push: 'events', channel: 'room:x', epoch: 'e', events: [event(1)] });
    assert.equal((await first).value?.offset, 1);
    assert.deepEqual(reasons, ['new_epoch']);
    await listening.return();
    await clock.flush();
  });
});

describe('channels', () => {
  it('P80 turns the pages', async () => {
    const { client, link, clock } = await setUp();
    const asked = client.channels('public');
    await clock.flush();
    link.answer({ epoch: 'e', channels: [{ channel: 'room:a', head: 1, n: 0 }], next: 'more' });
    await clock.flush();
    assert.deepEqual(link.said.at(-1), { req: link.said.length, cmd: 'channels', of: 'public', next: 'more' });
    link.answer({ epoch: 'e', channels: [{ channel: 'room:b', head: 2, n: 1 }] });
    assert.deepEqual(
      (await asked).map(({ channel }) => channel),
      ['room:a', 'room:b'],
    );
  });
});
