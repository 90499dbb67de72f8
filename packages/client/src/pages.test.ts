import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChannelsReply, FactsReply, HistoryReply } from '@hubbub/protocol/frames';
import { Clock } from './clock.fixture.ts';
import { codeOf } from './connection.fixture.ts';
import { HubbubError } from './error.ts';
import { Pages } from './pages.ts';

function stage(answers: (object | HubbubError)[]) {
  const env = new Clock();
  const state = { open: true, asked: [] as string[] };
  const pages = new Pages({
    env,
    isOpen: () => state.open,
    request: async (cmd, members) => {
      state.asked.push(`${cmd} {${members}}`);
      const answer = answers.shift();
      if (answer instanceof HubbubError) throw answer;
      return answer as HistoryReply & FactsReply & ChannelsReply;
    },
  });
  return { env, state, pages };
}

const page = { epoch: 'e', head: 9, n: 8, first: 1, events: [] };

describe('pages', () => {
  it('P60 asks with the place that it was given', async () => {
    const { pages, state } = stage([page, page]);
    assert.deepEqual(await pages.history('room:a', {}), page);
    await pages.history('room:a', { before: { offset: 7, epoch: 'e' }, limit: 3 });
    assert.deepEqual(state.asked, ['history {"channel":"room:a"}', 'history {"channel":"room:a","before":"7~e","limit":3}']);
  });

  it('P61 turns the pages of facts', async () => {
    const [first, second] = [
      { key: 'a', value: 1, offset: 1 },
      { key: 'b', value: null, offset: 2 },
    ];
    const { pages, state } = stage([
      { epoch: 'e', facts: [first], next: 'x' },
      { epoch: 'e', facts: [second] },
    ]);
    assert.deepEqual(await pages.facts('room:a', { about: [1, 9] }), [first, second]);
    assert.equal(state.asked[1], 'facts {"channel":"room:a","about":[1,9],"next":"x"}');
  });

  it('I10 waits out what passes, not sooner than the server says, and ends with what does not', async () => {
    const busy = new HubbubError('unavailable', 'not now', 500);
    const { pages, state, env } = stage([busy, busy, page]);
    const asking = pages.history('room:a', {});
    await env.pass(499);
    assert.equal(state.asked.length, 1);
    await env.pass(10_000);
    assert.deepEqual(await asking, page);
    const refused = stage([new HubbubError('forbidden', 'no')]);
    assert.equal(await codeOf(refused.pages.history('room:a', {})), 'forbidden');
    assert.equal(refused.env.pending, 0);
  });

  it('waits for a link, and asks again over the next when one is lost', async () => {
    const { pages, state, env } = stage([new HubbubError('link_lost', ''), page]);
    state.open = false;
    const asking = pages.history('room:a', {});
    await env.pass(60_000);
    assert.equal(state.asked.length, 0);
    state.open = true;
    pages.opened();
    await env.flush();
    assert.deepEqual(await asking, page);
    assert.equal(state.asked.length, 2);
  });

  it('ends when nobody wants it any more, with that reason, and leaves nothing behind', async () => {
    const { pages, state, env } = stage([new HubbubError('unavailable', '', 5_000)]);
    const abort = new AbortController();
    const waiting = pages.history('room:a', { signal: abort.signal });
    await env.flush();
    abort.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    assert.equal(env.pending, 0);
    state.open = false;
    const closed = codeOf(pages.facts('room:a', {}));
    await env.flush();
    pages.close();
    assert.equal(await closed, 'closed');
    assert.equal(await codeOf(pages.history('room:a', {})), 'closed');
  });
});
