import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InboxPush } from '@hubbub/protocol/frames';
import { Clock } from './clock.fixture.ts';
import { HubbubError } from './error.ts';
import { InboxView } from './inbox.ts';

function stage() {
  const env = new Clock();
  const state = { open: true, refuse: 0, asked: [] as boolean[], closed: 0, shown: [] as string[] };
  let answer: (() => void) | undefined;
  const view = new InboxView(
    {
      onChange: (inbox) =>
        state.shown.push(`${inbox.state} ${[...inbox.channels].map(([name, { head, n }]) => `${name} ${head} ${n}`).join(', ')}`),
    },
    {
      env,
      isOpen: () => state.open,
      ask: async (on, taken) => {
        state.asked.push(on);
        if (state.refuse > 0) {
          state.refuse -= 1;
          throw new HubbubError('unavailable', 'not now', 500);
        }
        await new Promise<void>((resolve) => {
          answer = () => {
            taken?.();
            resolve();
          };
        });
      },
      closed: () => {
        state.closed += 1;
      },
    },
  );
  const push = (channels: Record<string, number>, more: Partial<InboxPush> = {}): void =>
    view.onPush({
      push: 'inbox',
      epoch: 'e',
      channels: Object.entries(channels).map(([channel, head]) => ({ channel, head, n: head - 1 })),
      ...more,
    });
  return { env, state, view, push, answer: () => answer?.() };
}

describe('inbox of the client', () => {
  it('is known when all of it has been told', async () => {
    const { view, push, answer, state } = stage();
    view.opened();
    answer();
    push({ 'room:a': 2 }, { whole: true, more: true });
    assert.equal(view.state, 'opening');
    push({ 'room:b': 3 });
    assert.equal(view.state, 'known');
    push({ 'room:a': 5 }, { gone: ['room:b'] });
    assert.deepEqual(state.shown, ['opening room:a 2 1', 'known room:a 2 1, room:b 3 2', 'known room:a 5 4']);
    assert.equal(view.epoch, 'e');
  });

  it('takes nothing that was pushed before its reply: it is of an inbox before it', () => {
    const { view, push, answer } = stage();
    view.opened();
    push({ 'room:old': 2 });
    assert.deepEqual([view.state, view.channels.size], ['opening', 0]);
    answer();
    push({ 'room:a': 2 }, { whole: true });
    assert.deepEqual([...view.channels.keys()], ['room:a']);
  });

  it('keeps what it had while the link is away, and begins anew with the next', () => {
    const { view, push, answer, state } = stage();
    view.opened();
    answer();
    push({ 'room:a': 2, 'room:b': 2 }, { whole: true });
    state.open = false;
    view.lost();
    assert.deepEqual([view.state, view.channels.size], ['opening', 2]);
    state.open = true;
    view.opened();
    answer();
    push({ 'room:b': 4 }, { whole: true });
    assert.deepEqual(state.shown.at(-1), 'known room:b 4 3');
  });

  it('I10 asks again where it is refused for a passing cause, not sooner than the server says, and for ever', async () => {
    const { view, env, state } = stage();
    state.refuse = 5;
    view.opened();
    await env.pass(499);
    assert.equal(state.asked.length, 1);
    await env.pass(60_000);
    assert.equal(state.asked.length, 6);
  });

  it('does not ask for a link that is gone, or for itself when it is closed', async () => {
    const { view, env, state } = stage();
    state.refuse = 1;
    view.opened();
    await env.flush();
    state.open = false;
    view.lost();
    await env.pass(60_000);
    assert.deepEqual(state.asked, [true]);
    view.close();
    view.close();
    assert.deepEqual([state.closed, env.pending], [1, 0]);
  });

  it('tells the server when it is closed', () => {
    const { view, push, answer, state } = stage();
    view.opened();
    answer();
    view.close();
    push({ 'room:a': 2 }, { whole: true });
    assert.deepEqual(state.asked, [true, false]);
    assert.deepEqual(state.shown, []);
  });
});
