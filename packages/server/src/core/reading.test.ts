import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Store, StoreError } from '../store/store.ts';
import { nodeStage, type Stage, type TestLink } from './node.fixture.ts';

async function ask(stage: Stage, link: TestLink, cmd: string, members: object): Promise<Record<string, unknown>> {
  const req = link.say(cmd, members);
  await stage.clock.settle();
  return link.reply(req) ?? {};
}

const offsets = (reply: Record<string, unknown>): number[] => (reply['events'] as { offset: number }[]).map(({ offset }) => offset);
const codeOf = (reply: Record<string, unknown>): unknown => (reply['error'] as { code?: string } | undefined)?.code;
const span = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

async function room(events: number, size = 10): Promise<{ stage: Stage; link: TestLink; epoch: string }> {
  const stage = await nodeStage();
  stage.join('room:a', 'ann');
  for (let at = 2; at <= events; at++) stage.append('room:a', { body: JSON.stringify('x'.repeat(size)) });
  return { stage, link: await stage.link('ann'), epoch: stage.data.epoch };
}

describe('history', () => {
  it('P60 gives the newest page, and page by page what is before it, down to offset 1', async () => {
    const { stage, link, epoch } = await room(300);
    let reply = await ask(stage, link, 'history', { channel: 'room:a' });
    assert.deepEqual(offsets(reply), span(173, 300));
    assert.deepEqual([reply['epoch'], reply['head'], reply['n'], reply['first']], [epoch, 300, 299, 1]);
    const all = offsets(reply);
    while ((all[0] ?? 1) > 1) {
      reply = await ask(stage, link, 'history', { channel: 'room:a', before: `${all[0]}~${epoch}` });
      all.unshift(...offsets(reply));
    }
    assert.deepEqual(all, span(1, 300));
    assert.deepEqual(offsets(await ask(stage, link, 'history', { channel: 'room:a', before: `1~${epoch}` })), []);
  });

  it('P60 gives what is after a place, and no more than was asked for', async () => {
    const { stage, link, epoch } = await room(300);
    assert.deepEqual(offsets(await ask(stage, link, 'history', { channel: 'room:a', after: '0', limit: 3 })), [1, 2, 3]);
    assert.deepEqual(offsets(await ask(stage, link, 'history', { channel: 'room:a', after: `298~${epoch}` })), [299, 300]);
    assert.deepEqual(offsets(await ask(stage, link, 'history', { channel: 'room:a', after: `300~${epoch}` })), []);
    assert.deepEqual(offsets(await ask(stage, link, 'history', { channel: 'room:a', before: `9~${epoch}`, limit: 2 })), [7, 8]);
  });

  it('P60 cuts a page at 128 KiB, on the far side of the place', async () => {
    const { stage, link, epoch } = await room(40, 16_000);
    const newest = offsets(await ask(stage, link, 'history', { channel: 'room:a' }));
    assert.deepEqual(newest, span(41 - newest.length, 40));
    assert.ok(newest.length >= 7 && newest.length <= 8, String(newest.length));
    const oldest = offsets(await ask(stage, link, 'history', { channel: 'room:a', after: `1~${epoch}` }));
    assert.deepEqual(oldest, span(2, 1 + oldest.length));
    assert.ok(oldest.length >= 7 && oldest.length <= 8, String(oldest.length));
  });

  it('P10 gives the same bytes as a subscription', async () => {
    const { stage, link } = await room(5);
    await ask(stage, link, 'subscribe', { to: [{ channel: 'room:a', position: '0' }] });
    const pushed = link.take('events').flatMap(({ events }) => events as object[]);
    const reply = await ask(stage, link, 'history', { channel: 'room:a' });
    assert.deepEqual(reply['events'], pushed);
  });

  it('P23 says the same of what is not mine and what is not there', async () => {
    const { stage } = await room(3);
    const stranger = await stage.link('ben');
    for (const channel of ['room:a', 'room:none'])
      for (const cmd of ['history', 'facts']) assert.equal(codeOf(await ask(stage, stranger, cmd, { channel })), 'forbidden');
    assert.equal(codeOf(await ask(stage, stranger, 'history', { channel: 'x' })), 'bad_channel');
    assert.equal(codeOf(await ask(stage, stranger, 'facts', { channel: 'x' })), 'bad_channel');
  });

  it('P5 takes no place of another history, none that is no position, and not two', async () => {
    const { stage, link, epoch } = await room(3);
    for (const cmd of ['history', 'facts']) {
      assert.equal(codeOf(await ask(stage, link, cmd, { channel: 'room:a', after: '2~other' })), 'bad_position');
      assert.equal(codeOf(await ask(stage, link, cmd, { channel: 'room:a', after: '2' })), 'bad_position');
    }
    assert.equal(
      codeOf(await ask(stage, link, 'history', { channel: 'room:a', after: `1~${epoch}`, before: `3~${epoch}` })),
      'bad_command',
    );
    assert.equal(codeOf(await ask(stage, link, 'facts', { channel: 'room:a', prefix: '', about: [1, 2] })), 'bad_command');
  });
});

describe('facts', () => {
  it('P61 finds them by key, by where they were written, and by what they speak of; pages, and shows no secrets', async () => {
    const { stage, link, epoch } = await room(3);
    stage.append('room:a', {
      facts: [
        { key: 'edit:2', value: '{"by":"ann"}', about: 2 },
        { key: '.secret', value: '1' },
      ],
    });
    stage.append('room:a', { facts: [{ key: 'edit:3', value: '"b"', about: 3 }] });
    stage.append('room:a', { facts: [{ key: 'edit:3', value: null, about: 3 }] });
    const facts = async (members: object): Promise<unknown> =>
      (await ask(stage, link, 'facts', { channel: 'room:a', ...members }))['facts'];
    const second = { key: 'edit:2', value: { by: 'ann' }, offset: 4, about: 2 };
    const third = { key: 'edit:3', value: null, offset: 6, about: 3 };
    const member = { key: 'member:ann', value: true, offset: 1 };
    assert.deepEqual(await facts({}), [second, third, member]);
    assert.deepEqual(await facts({ prefix: 'edit:' }), [second, third]);
    assert.deepEqual(await facts({ after: `3~${epoch}` }), [second, third]);
    assert.deepEqual(await facts({ about: [2, 2] }), [second]);
    const first = await ask(stage, link, 'facts', { channel: 'room:a', prefix: 'edit:', limit: 1 });
    assert.deepEqual(first['facts'], [second]);
    const rest = await ask(stage, link, 'facts', { channel: 'room:a', prefix: 'edit:', limit: 1, next: first['next'] });
    assert.deepEqual(rest['facts'], [third]);
  });
});

describe('reading', () => {
  it('I7 gives nothing to whom the right was taken from while the page was read', async () => {
    let wait: Promise<void> | undefined;
    const slow = (store: Store): Store => ({
      ...store,
      read: async (...given) => {
        const page = await store.read(...given);
        await wait;
        return page;
      },
    });
    const stage = await nodeStage({ meddle: slow });
    stage.join('room:a', 'ann');
    const link = await stage.link('ann');
    const { promise, resolve } = Promise.withResolvers<void>();
    wait = promise;
    const req = link.say('history', { channel: 'room:a' });
    await stage.clock.settle();
    stage.leave('room:a', 'ann');
    await stage.clock.pass(1_500);
    wait = undefined;
    resolve();
    await stage.clock.settle();
    assert.equal(link.refusal(req), 'forbidden');
    assert.equal(stage.clock.counts.get('read_again'), 1);
  });

  it('reads four at once, and the others when their turn comes', async () => {
    const state = { reading: 0, most: 0 };
    const slow = (store: Store): Store => ({
      ...store,
      read: async (...given) => {
        state.reading += 1;
        state.most = Math.max(state.most, state.reading);
        await new Promise(setImmediate);
        state.reading -= 1;
        return store.read(...given);
      },
    });
    const stage = await nodeStage({ meddle: slow });
    stage.join('room:a', 'ann');
    const link = await stage.link('ann');
    const reqs = Array.from({ length: 40 }, () => link.say('history', { channel: 'room:a' }));
    await stage.clock.pass(10);
    for (let settled = 0; settled < 10; settled++) await stage.clock.settle();
    assert.equal(state.most, 4);
    for (const req of reqs) assert.ok(link.reply(req)?.['events'], String(req));
    assert.equal(stage.node.status().reads, 0);
  });

  it('I8 reads nothing more for a link that does not take what it was given', async () => {
    const { stage, link } = await room(40, 16_000);
    link.stuck = true;
    const reqs = Array.from({ length: 60 }, () => link.say('history', { channel: 'room:a' }));
    for (let settled = 0; settled < 20; settled++) await stage.clock.settle();
    const answers = reqs.map((req) => (link.reply(req)?.['events'] ? 'page' : link.refusal(req)));
    const pages = answers.filter((answer) => answer === 'page').length;
    // Three fill the link and what may wait past it. Then four are under way, and each has given its place on before its reply is written.
    assert.ok(pages >= 3 && pages <= 3 + 4 + 4 + 1, `${pages} pages`);
    assert.deepEqual(new Set(answers), new Set(['page', 'busy']));
    assert.equal(link.closed, undefined);
  });

  it('I10 answers within 10 s, whatever the store does', async () => {
    const state = { broken: true };
    const failing = (store: Store): Store => ({
      ...store,
      read: (...given) => (state.broken ? Promise.reject(new StoreError('unavailable', 'not now')) : store.read(...given)),
      facts: (query, ...rest) => ('prefix' in query ? new Promise(() => {}) : store.facts(query, ...rest)),
    });
    const stage = await nodeStage({ meddle: failing });
    stage.join('room:a', 'ann');
    const link = await stage.link('ann');
    assert.equal(codeOf(await ask(stage, link, 'history', { channel: 'room:a' })), 'unavailable');
    const req = link.say('facts', { channel: 'room:a' });
    await stage.clock.pass(8_001);
    assert.equal(link.refusal(req), 'unavailable');
    state.broken = false;
    assert.deepEqual(offsets(await ask(stage, link, 'history', { channel: 'room:a' })), [1]);
  });
});
