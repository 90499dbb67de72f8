import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setUpClient } from './client.fixture.ts';
import type { FakeLink } from './connection.fixture.ts';

const subscribed = { position: '7~e1', head: 7, n: 7, first: 1, live: true };

const commands = (link: FakeLink | undefined): string[] | undefined => link?.said.map(({ cmd }) => cmd);

const setUp = () => setUpClient({ name: 'ann' });

describe('client', () => {
  it('a listener that throws at a change of status keeps nothing from being subscribed to', async () => {
    const { clock, client, open, links } = setUp();
    const told: string[] = [];
    client.onStatus(() => {
      throw new Error('mine');
    });
    client.onStatus(({ state }) => void told.push(state));
    client.subscribe('room:x', { onEvents: () => {} });
    await assert.rejects(open(), /mine/);
    await clock.flush();
    assert.deepEqual(told, ['catching-up']);
    assert.equal(client.user, 'ann.abcde');
    assert.deepEqual(commands(links[0]), ['hello', 'subscribe']);
  });

  it('I7: what is gone is not asked for again over a new link', async () => {
    const { clock, client, open } = setUp();
    client.subscribe('room:x', { onEvents: () => {} });
    client.subscribe('room:y', { onEvents: () => {} });
    const link = await open();
    link.answer({ results: [{ error: { code: 'forbidden', text: '' } }, subscribed] });
    link.handlers.onClose(1006, '');
    await clock.pass(200);
    const second = await open();
    assert.deepEqual(commands(second), ['hello', 'subscribe']);
    assert.deepEqual(second.said[1], { req: 2, cmd: 'subscribe', to: [{ channel: 'room:y', position: '7~e1' }] });
  });

  it('P62, P64, P65, P68: signals go and come by channel, and so does who is there', async () => {
    const { client, open, clock } = setUp();
    const heard: string[] = [];
    client.signal('room:x', 'typing', 0);
    const subscription = client.subscribe('room:x', {
      onEvents: () => {},
      onSignal: ({ from, kind, body }) => void heard.push(`${from} ${kind} ${JSON.stringify(body)}`),
      onPresence: ({ users }) => void heard.push([...users.keys()].join()),
    });
    const link = await open();
    link.answer({ results: [subscribed] });
    await clock.flush();
    assert.deepEqual(link.said.at(-1), { req: 3, cmd: 'presence', channel: 'room:x', on: true });
    link.answer({ count: 2, sample: [{ user: 'ann', sessions: 1 }], next: 'ann', signals: true });
    await clock.flush();
    assert.deepEqual(link.said.at(-1), { req: 4, cmd: 'presence', channel: 'room:x', on: true, after: 'ann' });
    link.answer({ count: 2, sample: [{ user: 'ben', sessions: 1 }], signals: true });
    for (const channel of ['room:x', 'room:y']) {
      link.hear({ push: 'signal', channel, from: 'ben', kind: 'typing', body: { on: true } });
      link.hear({ push: 'presence', channel, count: 1, joined: [], left: ['ben'] });
    }
    client.signal('room:x', 'typing', { on: true });
    assert.deepEqual(link.said.at(-1), { req: 5, cmd: 'signal', channel: 'room:x', kind: 'typing', body: { on: true } });
    assert.deepEqual(heard, ['ann', 'ann,ben', 'ben typing {"on":true}', 'ann']);
    assert.equal(subscription.presence?.count, 1);
  });

  it('P14: asks for a channel again when its error says, and not for the others', async () => {
    const { clock, client, open } = setUp();
    client.subscribe('room:x', { onEvents: () => {} });
    client.subscribe('room:y', { onEvents: () => {} });
    const link = await open();
    link.answer({ results: [{ error: { code: 'overloaded', text: '', retryAfter: 5_000 } }, subscribed] });
    await clock.pass(5_199);
    assert.deepEqual(commands(link), ['hello', 'subscribe']);
    await clock.pass(1);
    assert.deepEqual(link.said.at(-1), { req: 3, cmd: 'subscribe', to: [{ channel: 'room:x' }] });
  });

  it('I7: what is kept and was written by one user is not sent as the next one, and what was written for him is', async () => {
    const store = { load: async () => [], put: async () => {}, remove: async () => {} };
    const { clock, client, open } = setUpClient({ token: 'ann' }, { outbox: store });
    const said = (text: string): void => void client.send('room:x', { kind: 'message', body: { text } }).catch(() => {});
    const link = await open();
    said('of ann');
    await clock.flush();
    assert.deepEqual(commands(link), ['hello', 'send']);
    client.signIn({ token: 'ben' });
    said('of ben');
    await clock.flush();
    const second = await open({ user: 'ben' });
    assert.deepEqual(commands(second), ['hello', 'send']);
    assert.match(JSON.stringify(second.said[1]), /of ben/);
    assert.doesNotMatch(JSON.stringify(second.said), /of ann/);
    assert.equal(client.outgoing('room:x').length, 1);
    client.close();
  });
});
