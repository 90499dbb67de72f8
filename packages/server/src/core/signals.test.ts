import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, codeIn, read, readers } from './attending.fixture.ts';
import { blind, type Stage, type TestLink } from './node.fixture.ts';

const typing = { channel: 'room:a', kind: 'typing', body: { on: true } };

/** Gives a signal; the code with which it was refused. */
async function give(stage: Stage, link: TestLink, more: object = {}): Promise<unknown> {
  return codeIn(await ask(stage, link, 'signal', { ...typing, ...more }));
}

const push = { push: 'signal', channel: 'room:a', from: 'ann', kind: 'typing', body: { on: true } };

describe('signals', () => {
  it('P62, P64 reach all who read the channel, other sessions of the sender too, but not the one that gave it', async () => {
    const { stage, links } = await readers(['ann', 'ben', 'ann']);
    const idle = await stage.link('ben');
    const [ann, ben, other] = links;
    assert.equal(await give(stage, ann), undefined);
    assert.deepEqual(ben.take('signal'), [push]);
    assert.deepEqual(other?.take('signal'), [push]);
    assert.deepEqual(ann.take('signal'), []);
    assert.deepEqual(idle.take('signal'), [], 'who does not read it');
    assert.equal(stage.data.log('room:a').standing.head, 2, 'nothing of it is in the log');
  });

  it('P64 do not come back to their session over another link of it', async () => {
    const { stage, links } = await readers(['ann', 'ben']);
    const session = '20000000-0000-7000-8000-000000000001';
    const [one, two] = [await read(stage, 'ann', {}, session), await read(stage, 'ann', {}, session)];
    await give(stage, one);
    assert.deepEqual(two.take('signal'), []);
    assert.equal(links[0].take('signal').length, 1);
  });

  it('P62 are for who reads the channel on that link', async () => {
    const { stage, links } = await readers(['ann', 'ben']);
    const elsewhere = await stage.link('ann');
    assert.equal(await give(stage, elsewhere), 'forbidden');
    assert.equal(await give(stage, links[0], { channel: 'room:none' }), 'forbidden');
    links[0].say('unsubscribe', { channels: ['room:a'] });
    await stage.clock.settle();
    assert.equal(await give(stage, links[0]), 'forbidden');
    assert.deepEqual(links[1].take('signal'), []);
  });

  it('P1, P3, P9, P62 have names, a kind and a body like events, of at most 1 KiB as the server writes it', async () => {
    const { stage, links } = await readers(['ann', 'ben']);
    const [ann, ben] = links;
    assert.equal(await give(stage, ann, { channel: 'room' }), 'bad_channel');
    assert.equal(await give(stage, ann, { kind: 'Typing' }), 'bad_kind');
    assert.equal(await give(stage, ann, { body: JSON.parse('{"__proto__":1}') }), 'bad_body');
    assert.equal(await give(stage, ann, { body: 'é'.repeat(511) }), undefined);
    assert.equal(await give(stage, ann, { body: `${'é'.repeat(511)}x` }), 'too_large');
    assert.equal(ben.take('signal').length, 1);
  });

  it('P63 20 at once and 10 a second for each session, over all channels; beyond: too_fast, with the time', async () => {
    const { stage, links } = await readers(['ann', 'ben', 'ann']);
    const [ann, ben, other] = links;
    stage.join('room:b', 'ann');
    ann.say('subscribe', { to: [{ channel: 'room:b' }] });
    await stage.clock.settle();
    for (let at = 0; at < 20; at++) assert.equal(await give(stage, ann, { channel: at % 2 ? 'room:a' : 'room:b' }), undefined, `${at}`);
    const req = ann.say('signal', typing);
    await stage.clock.settle();
    assert.deepEqual(ann.reply(req)?.['error'], { code: 'too_fast', text: 'at most 10 signals a second', retryAfter: 100 });
    assert.equal(await give(stage, other as TestLink), undefined, 'another session has its own');
    await stage.clock.pass(1_000);
    for (let at = 0; at < 10; at++) assert.equal(await give(stage, ann), undefined);
    assert.equal(await give(stage, ann), 'too_fast');
    assert.equal(ben.take('signal').length, 10 + 1 + 10);
    assert.equal(stage.clock.counts.get('signal_put_off'), 2);
  });

  it('P64 come only where the transport carries them, to links that have room and live', async () => {
    const { stage, links } = await readers(['ann', 'ben']);
    const [ann, ben] = links;
    const plain = await read(stage, 'ben', { signals: false });
    ben.full = true;
    await give(stage, ann);
    for (const link of [ben, plain]) assert.deepEqual(link.take('signal'), []);
    assert.equal(stage.clock.counts.get('signal_no_room'), 1);
    ben.full = false;
    ben.sink?.onRoom();
    assert.deepEqual(ben.take('signal'), [], 'nothing is kept for later');
    assert.equal(await give(stage, plain), undefined, 'who cannot get them may give them');
    ben.silentSince = stage.clock.env.now();
    await stage.clock.pass(31_000);
    await give(stage, ann);
    assert.equal(ben.take('signal').length, 1, 'the one before it went silent');
  });

  it('I7 are neither taken from nor given to one who is being asked about, or has lost the right', async () => {
    let wait: Promise<void> | undefined;
    const members = new Set(['ann', 'ben']);
    const { stage, links } = await readers(['ann', 'ben'], { mayRead: (user) => members.has(user), answer: () => wait });
    const [ann, ben] = links;
    const { promise, resolve } = Promise.withResolvers<void>();
    wait = promise;
    members.delete('ben');
    stage.append('room:a', { concerns: ['ben'] });
    await stage.clock.pass(600);
    await give(stage, ann);
    assert.deepEqual(ben.take('signal'), []);
    assert.equal(await give(stage, ben), 'forbidden');
    assert.equal(stage.clock.counts.get('signal_asked_about'), 1);
    resolve();
    wait = undefined;
    await stage.clock.pass(600);
    assert.equal(ben.take('state').at(-1)?.['state'], 'gone');
    assert.equal(await give(stage, ben), 'forbidden');
    await give(stage, ann);
    assert.deepEqual(ben.take('signal'), []);
  });

  it('I7, P63 are refused while the node is stale', async () => {
    const state = { failing: false };
    const { stage, links } = await readers(['ann', 'ben'], { meddle: blind(state) });
    const [ann, ben] = links;
    state.failing = true;
    await stage.clock.pass(1_200);
    assert.equal(stage.node.status().held, true);
    assert.equal(await give(stage, ann), 'unavailable');
    assert.deepEqual(ben.take('signal'), []);
    state.failing = false;
    await stage.clock.pass(600);
    assert.equal(await give(stage, ann), undefined);
  });

  it('P67 are off in a crowd, until it is clearly none any more', async () => {
    const names = Array.from({ length: 10 }, (_, at) => `u${at}`);
    const { stage, links } = await readers(names, { crowd: 10 });
    const [first] = links;
    assert.equal(await give(stage, first), undefined, 'at the limit');
    stage.join('room:a', 'one-more');
    const more = await read(stage, 'one-more');
    assert.equal(await give(stage, first), 'not_supported');
    more.sink?.onClosed();
    await stage.clock.pass(5_200);
    assert.equal(await give(stage, first), 'not_supported', 'ten are still too many');
    links[1].sink?.onClosed();
    await stage.clock.pass(5_200);
    assert.equal(await give(stage, first), undefined);
  });

  it('I9 those that take long to give let the next ones of their channel fall by the wayside', async () => {
    const { stage, links } = await readers(['ann', 'ben', 'cem']);
    const [ann, ben, cem] = links;
    ben.onWrite = () => stage.clock.spend(2);
    await give(stage, ann);
    await give(stage, ann);
    assert.equal(cem?.take('signal').length, 1);
    assert.equal(stage.clock.counts.get('signal_shed'), 1);
    await stage.clock.pass(6);
    await give(stage, ann);
    assert.equal(cem?.take('signal').length, 1);
  });
});
