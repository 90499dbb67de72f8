import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attendee, PresencePush, PresenceReply } from '@hubbub/protocol/frames';
import { Clock } from './clock.fixture.ts';
import { HubbubError } from './error.ts';
import { type Presence, PresenceView } from './presence.ts';

/** `ann ben*2`: who has how many sessions. */
function attendees(text: string): Attendee[] {
  const names = text.split(' ').filter((name) => name !== '');
  return names.map((name) => ({ user: name.split('*')[0] ?? '', sessions: Number(name.split('*')[1] ?? 1) }));
}

function shown({ state, count, users, complete, signals }: Presence): string {
  const names = [...users].map(([user, sessions]) => (sessions === 1 ? user : `${user}*${sessions}`)).sort();
  return `${state} ${count}: ${names.join(' ')}${complete ? '' : ' …'}${signals ? '' : ' (no signals)'}`;
}

function stage() {
  const env = new Clock();
  const state = { open: true, refuse: [] as HubbubError[], asked: [] as (string | undefined)[], shown: [] as string[] };
  const answers: ((reply: PresenceReply) => void)[] = [];
  const view = new PresenceView({
    env,
    isOpen: () => state.open,
    ask: async (after, taken) => {
      state.asked.push(after);
      const error = state.refuse.shift();
      if (error) throw error;
      await new Promise<void>((resolve) => {
        answers.push((reply) => {
          taken(reply);
          resolve();
        });
      });
    },
    changed: (presence) => void state.shown.push(shown(presence)),
  });
  const push = (count: number, joined: string, left = '', more: Partial<PresencePush> = {}): void =>
    view.onPush({
      push: 'presence',
      channel: 'room:x',
      count,
      joined: attendees(joined),
      left: left.split(' ').filter((name) => name !== ''),
      ...more,
    });
  const answer = async (count: number, sample: string, next?: string, signals = true): Promise<void> => {
    answers.shift()?.({ count, sample: attendees(sample), signals, ...(next !== undefined && { next }) });
    await env.flush();
  };
  return { env, state, view, push, answer };
}

describe('presence of the client', () => {
  it('P65, P68: begins with what it was answered, and follows', async () => {
    const { view, push, answer, state } = stage();
    view.opened();
    await answer(3, 'ann ben*2');
    push(4, 'cem ben', 'ann');
    push(2, '', 'cem dua');
    assert.deepEqual(state.shown, ['known 3: ann ben*2', 'known 4: ben cem', 'known 2: ben']);
  });

  it('P65: turns pages to the end; what changes meanwhile is not lost', async () => {
    const { view, push, answer, state } = stage();
    view.opened();
    await answer(5, 'ann ben', 'ben');
    push(4, '', 'ann');
    assert.equal(shown(view), 'opening 4: ben');
    await answer(4, 'cem dua', 'dua');
    await answer(4, 'eva');
    assert.deepEqual(state.asked, [undefined, 'ben', 'dua']);
    assert.equal(shown(view), 'known 4: ben cem dua eva');
  });

  it('P68: a whole is where it begins anew, pages included', async () => {
    const { view, push, answer, state } = stage();
    view.opened();
    await answer(3, 'ann ben cem');
    push(1_001, 'ann x', '', { whole: true, signals: false, crowd: true });
    assert.equal(shown(view), 'known 1001: ann x … (no signals)');
    push(3, 'dua eva', '', { whole: true, signals: true, next: 'eva' });
    assert.equal(shown(view), 'opening 3: dua eva');
    await answer(3, 'fay');
    assert.equal(shown(view), 'known 3: dua eva fay');
    assert.deepEqual(state.asked, [undefined, 'eva']);
  });

  it('P68: a whole in the midst of reading makes the pages that were asked for void', async () => {
    const { view, push, answer, state } = stage();
    view.opened();
    await answer(200, 'ann ben', 'ben');
    push(2, 'yan zoe', '', { whole: true, signals: true });
    await answer(200, 'cem', 'cem');
    assert.equal(shown(view), 'known 2: yan zoe');
    assert.deepEqual(state.asked, [undefined, 'ben']);
  });

  it('takes nothing that was pushed before its reply: it belongs to an asking before it', async () => {
    const { view, push, answer } = stage();
    view.opened();
    push(9, 'old');
    assert.equal(shown(view), 'opening 0:  (no signals)');
    await answer(1, 'ann');
    assert.equal(shown(view), 'known 1: ann');
  });

  it('shows what it had while the link is away, and begins anew with the next', async () => {
    const { view, push, answer, state } = stage();
    view.opened();
    await answer(2, 'ann ben');
    state.open = false;
    view.lost();
    push(3, 'cem');
    assert.equal(shown(view), 'opening 2: ann ben');
    state.open = true;
    view.opened();
    await answer(1, 'ben');
    assert.equal(shown(view), 'known 1: ben');
  });

  it('I10: asks again where it is refused for a passing cause, not sooner than the server says, and for ever', async () => {
    const { view, env, state, answer } = stage();
    state.refuse = Array.from({ length: 5 }, () => new HubbubError('unavailable', 'not now', 500));
    view.opened();
    await env.pass(499);
    assert.equal(state.asked.length, 1);
    await env.pass(60_000);
    assert.equal(state.asked.length, 6);
    await answer(1, 'ann');
    assert.equal(shown(view), 'known 1: ann');
  });

  it('begins again from the start where a later page is refused', async () => {
    const { view, env, state, answer } = stage();
    view.opened();
    state.refuse = [new HubbubError('unavailable', 'not now')];
    await answer(3, 'ann', 'ann');
    await env.pass(60_000);
    assert.deepEqual(state.asked, [undefined, 'ann', undefined]);
  });

  it('does not ask where it was refused for good, for a link that is gone, or when it is closed', async () => {
    const { view, env, state } = stage();
    state.refuse = [new HubbubError('not_supported', 'never'), new HubbubError('unavailable', 'not now')];
    view.opened();
    await env.pass(60_000);
    assert.equal(state.asked.length, 1);
    view.opened();
    await env.flush();
    state.open = false;
    view.lost();
    await env.pass(60_000);
    view.close();
    assert.deepEqual([state.asked.length, env.pending, state.shown], [2, 0, []]);
  });
});
