import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attendee, PresenceReply } from '@hubbub/protocol/frames';
import { ask, codeIn, read, readers, room } from './attending.fixture.ts';
import { blind, nodeStage, type Stage, type TestLink } from './node.fixture.ts';

/** Asks who is there; what was answered, as `name`, or `name 2`. */
async function watch(stage: Stage, link: TestLink, more: object = {}) {
  const reply = await ask(stage, link, 'presence', { channel: room, on: true, ...more });
  const { count, sample = [], next, crowd, signals } = reply as PresenceReply;
  return { code: codeIn(reply), count, names: names(sample), next, crowd, signals };
}

function names(attendees: readonly Attendee[]): string[] {
  return attendees.map(({ user, sessions }) => (sessions === 1 ? user : `${user} ${sessions}`));
}

/** What the link has been told since the last call: a line a push. */
function told(link: TestLink): string[] {
  return link.take('presence').map(({ count, joined, left, whole, next, crowd, signals }) => {
    const marks = `${whole ? ' whole' : ''}${crowd ? ' crowd' : ''}${next ? ` next ${next}` : ''}${signals === undefined ? '' : ` signals ${signals}`}`;
    return `${count}${marks}: +${names(joined as Attendee[]).join()} -${(left as string[]).join()}`;
  });
}

describe('presence', () => {
  it('P65 tells who is there, each once, and with how many sessions', async () => {
    const { stage, links } = await readers(['cem', 'ann', 'ben', 'ann']);
    const { count, names, next, signals } = await watch(stage, links[0]);
    assert.deepEqual({ count, names, next, signals }, { count: 4, names: ['ann 2', 'ben', 'cem'], next: undefined, signals: true });
    assert.deepEqual(told(links[0]), []);
    assert.deepEqual(await ask(stage, links[0], 'presence', { channel: room, on: false }), { res: 4 });
  });

  it('P65 is for who reads the channel on that link', async () => {
    const { stage, links } = await readers(['ann', 'ben']);
    const elsewhere = await stage.link('ann');
    assert.equal((await watch(stage, elsewhere)).code, 'forbidden');
    assert.equal((await watch(stage, links[0], { channel: 'room:none' })).code, 'forbidden');
    assert.equal((await watch(stage, links[0], { channel: 'room' })).code, 'bad_channel');
    assert.equal((await watch(stage, links[0], { after: 'Ä' })).code, 'bad_name');
    assert.equal((await watch(stage, links[0], { on: false, after: 'ann' })).code, 'bad_command');
    assert.deepEqual(await ask(stage, elsewhere, 'presence', { channel: room, on: false }), { res: 3 }, 'what there is none of has ended');
  });

  it('P68 tells what changes, the first at once, then at most once a second, to who has asked', async () => {
    const { stage, links } = await readers(['ann', 'ben']);
    const [ann, ben] = links;
    await watch(stage, ann);
    stage.join(room, 'cem');
    const cems = [await read(stage, 'cem')];
    await stage.clock.pass(0);
    assert.deepEqual(told(ann), ['3: +cem -']);
    for (let at = 0; at < 3; at++) {
      cems.push(await read(stage, 'cem'));
      await stage.clock.pass(300);
    }
    await stage.clock.pass(99);
    assert.deepEqual(told(ann), []);
    await stage.clock.pass(1);
    assert.deepEqual(told(ann), ['6: +cem 4 -']);
    for (const link of cems) link.sink?.onClosed();
    await stage.clock.pass(6_000);
    assert.deepEqual(told(ann), ['2: + -cem']);
    assert.deepEqual(told(ben), [], 'he has not asked');
    await ask(stage, ann, 'presence', { channel: room, on: false });
    ben.sink?.onClosed();
    await stage.clock.pass(7_000);
    assert.deepEqual(told(ann), [], 'she wants to know no more');
  });

  it('P66 who is back within 5 s has not been away; over however many links, a session is there once', async () => {
    const { stage, links } = await readers(['ann', 'ben']);
    const [ann] = links;
    const session = '20000000-0000-7000-8000-000000000001';
    const first = await read(stage, 'ben', {}, session);
    await watch(stage, ann);
    assert.equal((await watch(stage, ann)).count, 3);
    const second = await read(stage, 'ben', {}, session);
    first.sink?.onClosed();
    await stage.clock.pass(6_000);
    assert.deepEqual(told(ann), [], 'it has moved to another link');
    second.sink?.onClosed();
    await stage.clock.pass(4_999);
    const third = await read(stage, 'ben', {}, session);
    await stage.clock.pass(6_000);
    assert.deepEqual(told(ann), []);
    assert.equal(stage.clock.counts.get('presence_back_in_time'), 1);
    third.say('unsubscribe', { channels: [room] });
    await stage.clock.pass(4_999);
    assert.deepEqual(told(ann), []);
    await stage.clock.pass(2);
    assert.deepEqual(told(ann), ['2: +ben -'], 'the other session of his is there');
  });

  it('P66 a link without signs of life is not there, until it gives one', async () => {
    const { stage, links } = await readers(['ann', 'ben']);
    const [ann, ben] = links;
    await watch(stage, ann);
    ben.silentSince = stage.clock.env.now();
    await stage.clock.pass(20_000);
    assert.deepEqual(told(ann), [], 'two pings may be unanswered');
    await stage.clock.pass(16_000);
    assert.deepEqual(told(ann), ['1: + -ben']);
    ben.silentSince = undefined;
    ben.sink?.onRoom();
    await stage.clock.pass(1_000);
    assert.deepEqual(told(ann), ['2: +ben -']);
  });

  it('P66 whoever is being asked about is there until he is refused, and then gone at once; he is told nothing meanwhile', async () => {
    let wait: Promise<void> | undefined;
    const members = new Set(['ann', 'ben', 'cem']);
    const { stage, links } = await readers(['ann', 'ben'], { mayRead: (user) => members.has(user), answer: () => wait });
    const [ann, ben] = links;
    for (const link of links) await watch(stage, link);
    const { promise, resolve } = Promise.withResolvers<void>();
    const cem = await read(stage, 'cem');
    await stage.clock.pass(1_000);
    for (const link of links) assert.deepEqual(told(link), ['3: +cem -']);
    wait = promise;
    members.delete('ben');
    stage.append(room, { concerns: ['ben'] });
    await stage.clock.pass(600);
    assert.equal((await watch(stage, ben)).code, 'unavailable');
    cem.say('unsubscribe', { channels: [room] });
    await stage.clock.pass(1_300);
    assert.equal((await watch(stage, ann)).count, 3, 'nothing has been decided');
    wait = undefined;
    resolve();
    await stage.clock.pass(1);
    assert.deepEqual(told(ann), ['2: + -ben']);
    await stage.clock.pass(7_000);
    assert.deepEqual(told(ann), ['1: + -cem']);
    assert.deepEqual(told(ben), []);
    assert.equal((await watch(stage, ben)).code, 'forbidden');
  });

  it('P68 one who could not be told begins anew when he can; nothing is kept for him meanwhile', async () => {
    let wait: Promise<void> | undefined;
    const { stage, links } = await readers(['ann', 'ben', 'cem'], { mayRead: () => true, answer: () => wait });
    const [ann, ben, cem] = links;
    for (const link of [ann, ben]) await watch(stage, link);
    ben.full = true;
    cem?.sink?.onClosed();
    await stage.clock.pass(8_000);
    assert.deepEqual(told(ann), ['2: + -cem']);
    assert.deepEqual(told(ben), []);
    ben.full = false;
    await stage.clock.pass(1_000);
    assert.deepEqual(told(ben), ['2 whole signals true: +ann,ben -']);
    assert.deepEqual(told(ann), [], 'which is no news to others');
    const { promise, resolve } = Promise.withResolvers<void>();
    wait = promise;
    stage.append(room, { concerns: ['ann'] });
    await stage.clock.pass(600);
    const again = stage.link('cem');
    await stage.clock.settle();
    resolve();
    wait = undefined;
    (await again).say('subscribe', { to: [{ channel: room }] });
    await stage.clock.pass(1_500);
    assert.deepEqual(told(ben), ['3: +cem -']);
    assert.deepEqual(told(ann), ['3: +cem -'], 'allowed again before there was anything to tell');
  });

  it('P68 what one has just been answered is not told to him again', async () => {
    const { stage, links } = await readers(['ann', 'ben', 'cem', 'dua']);
    const [ann, ben, cem, dua] = links;
    for (const link of [ann, ben]) await watch(stage, link);
    ben.full = true;
    cem?.sink?.onClosed();
    await stage.clock.pass(5_100);
    ben.full = false;
    assert.equal((await watch(stage, ben)).count, 3);
    await stage.clock.pass(2_000);
    assert.deepEqual(told(ben), []);
    dua?.sink?.onClosed();
    await stage.clock.pass(6_000);
    for (const link of [ann, ben]) assert.equal(told(link).at(-1), '2: + -dua');
  });

  it('I7 whoever is being asked about is told nothing, and everything when he may be', async () => {
    let wait: Promise<void> | undefined;
    const { stage, links } = await readers(['ann', 'ben'], { mayRead: () => true, answer: () => wait });
    const [ann, ben] = links;
    const cem = await read(stage, 'cem');
    for (const link of links) await watch(stage, link);
    cem.sink?.onClosed();
    await stage.clock.pass(4_500);
    const { promise, resolve } = Promise.withResolvers<void>();
    wait = promise;
    stage.append(room, { concerns: ['ben'] });
    await stage.clock.pass(1_700);
    assert.deepEqual([told(ann), told(ben)], [['2: + -cem'], []]);
    wait = undefined;
    resolve();
    await stage.clock.pass(1_000);
    assert.deepEqual([told(ann), told(ben)], [[], ['2 whole signals true: +ann,ben -']]);
  });

  it('P65, P68 tell nothing while the node is stale, and what was missed after it', async () => {
    const state = { failing: false };
    const { stage, links } = await readers(['ann', 'ben'], { meddle: blind(state) });
    const [ann, ben] = links;
    await watch(stage, ann);
    state.failing = true;
    await stage.clock.pass(1_200);
    assert.equal(stage.node.status().held, true);
    assert.equal((await watch(stage, ann)).code, 'unavailable');
    ben.sink?.onClosed();
    await stage.clock.pass(10_000);
    assert.deepEqual(told(ann), []);
    assert.ok((stage.clock.counts.get('presence_held') ?? 0) > 0);
    state.failing = false;
    await stage.clock.pass(2_000);
    assert.deepEqual(told(ann), ['1: + -ben']);
  });

  it('P65 100 users a page, in the order of their names, whoever comes meanwhile', async () => {
    const users = Array.from({ length: 250 }, (_, at) => `u${String(at).padStart(3, '0')}`);
    const { stage, links } = await readers(users.toReversed(), { hellos: { burst: 1_000 } });
    const [link] = links;
    const first = await watch(stage, link);
    assert.deepEqual([first.names.length, first.names[0], first.next, first.count], [100, 'u000', 'u099', 250]);
    const second = await watch(stage, link, { after: first.next });
    assert.deepEqual([second.names.length, second.names[0], second.next], [100, 'u100', 'u199']);
    const third = await watch(stage, link, { after: second.next });
    assert.deepEqual([third.names.length, third.names.at(-1), third.next], [50, 'u249', undefined]);
    assert.deepEqual((await watch(stage, link, { after: 'u149x' })).names[0], 'u150');
  });

  it('P65 a list of exactly a page has no next', async () => {
    const users = Array.from({ length: 101 }, (_, at) => `u${String(at).padStart(3, '0')}`);
    const { stage, links } = await readers(users);
    assert.equal((await watch(stage, links[0])).next, 'u099');
    links[1].sink?.onClosed();
    await stage.clock.pass(5_100);
    const { names, next } = await watch(stage, links[0]);
    assert.deepEqual([names.length, next], [100, undefined]);
  });

  it('P67 above the limit it is a number and a sample, and says so; clearly below it begins anew', async () => {
    const users = Array.from({ length: 10 }, (_, at) => `u${at}`);
    const { stage, links } = await readers(users, { crowd: 10 });
    const [link, second, third] = links;
    await watch(stage, link);
    stage.join(room, 'v');
    const more = await read(stage, 'v');
    await stage.clock.pass(1_000);
    assert.deepEqual(told(link), [`11 whole crowd signals false: +${users.join()},v -`]);
    assert.deepEqual(await watch(stage, link), {
      code: undefined,
      count: 11,
      names: [...users, 'v'],
      next: undefined,
      crowd: true,
      signals: false,
    });
    more.sink?.onClosed();
    await stage.clock.pass(5_100);
    assert.deepEqual(told(link), ['10: + -'], 'nobody is named');
    second.sink?.onClosed();
    third?.sink?.onClosed();
    await stage.clock.pass(10_000);
    const left = ['u0', ...users.slice(3)];
    assert.deepEqual(told(link), [`8 whole signals true: +${left.join()} -`]);
  });

  it('P65 says that signals are off where the transport has none; without presence the link is not there, and may ask', async () => {
    const { stage, links } = await readers(['ann', 'ben']);
    const plain = await read(stage, 'ben', { signals: false, presence: false });
    assert.deepEqual(await watch(stage, plain), {
      code: undefined,
      count: 2,
      names: ['ann', 'ben'],
      next: undefined,
      crowd: undefined,
      signals: false,
    });
    links[0].sink?.onClosed();
    await stage.clock.pass(6_000);
    assert.deepEqual(told(plain), ['1: + -ann']);
  });

  it('ends with the subscription: whoever subscribes again has to ask again, and was not away', async () => {
    const { stage, links } = await readers(['ann', 'ben', 'cem']);
    const [ann, ben, cem] = links;
    for (const link of [ann, ben]) await watch(stage, link);
    await ask(stage, ann, 'subscribe', { to: [{ channel: room }] });
    cem?.sink?.onClosed();
    await stage.clock.pass(8_000);
    assert.deepEqual(told(ann), []);
    assert.deepEqual(told(ben), ['2: + -cem']);
  });

  it('I8 keeps nothing when all have left', async () => {
    const { stage, links } = await readers(['ann', 'ben', 'cem']);
    for (const link of links) await watch(stage, link);
    assert.deepEqual([stage.node.status().presences, stage.node.status().watched], [1, 1]);
    for (const link of links) link.sink?.onClosed();
    await stage.clock.pass(6_000);
    assert.deepEqual([stage.node.status().presences, stage.node.status().watched], [0, 0]);
  });

  it('I9 tells many in slices, and gives the loop back between', async () => {
    const users = Array.from({ length: 64 }, (_, at) => `u${String(at).padStart(2, '0')}`);
    const { stage, links } = await readers(users);
    for (const link of links) await watch(stage, link);
    let running = 0;
    let longest = 0;
    for (const link of links) {
      link.onWrite = () => {
        if (link.frames.at(-1)?.['push'] !== 'presence') return;
        stage.clock.spend(1);
        running += 1;
        longest = Math.max(longest, running);
        setImmediate(() => {
          running = 0;
        });
      };
    }
    links[63]?.sink?.onClosed();
    await stage.clock.pass(7_000);
    for (const link of links.slice(0, 63)) assert.deepEqual(told(link), ['63: + -u63']);
    assert.equal(longest, 16, 'a millisecond each, and it looks at the clock every sixteenth time');
  });

  it('a node that was given no presence says so', async () => {
    const stage = await nodeStage({ alone: true });
    stage.join(room, 'ann');
    const ann = await read(stage, 'ann');
    assert.equal((await watch(stage, ann)).code, 'not_supported');
    assert.equal(codeIn(await ask(stage, ann, 'signal', { channel: room, kind: 'typing', body: 1 })), undefined, 'signals need none');
  });
});
