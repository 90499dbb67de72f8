import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Event } from '@hubbub/protocol/event';
import type { EventsPush, PresencePush, PresenceReply, SignalPush, StatePush, Subscribed } from '@hubbub/protocol/frames';
import { Clock } from './clock.fixture.ts';
import { HubbubError } from './error.ts';
import { ChannelSubscription, type SubscribeOptions } from './subscription.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

function events(offsets: readonly number[], epoch = 'e1'): EventsPush {
  const made = offsets.map((offset) => ({ offset, n: offset, ts: 1, id: `id${offset}`, from: 'ann', kind: 'message', body: offset }));
  return { push: 'events', channel: 'room:x', epoch, events: made };
}

const state = (members: Omit<StatePush, 'push' | 'channel'>): StatePush => ({ push: 'state', channel: 'room:x', ...members });
const reply = (position: string, head: number, live = false): Subscribed => ({ position, head, n: head, first: 1, live });

/** A subscription and all that it did: `log` holds offsets, resets, states, in order. */
function setUp(options: Partial<SubscribeOptions> = {}) {
  const clock = new Clock();
  const log: string[] = [];
  const did = { asks: 0, changes: 0, closes: 0, presence: (_: PresenceReply): void => {} };
  const subscription = new ChannelSubscription(
    'room:x',
    {
      onEvents: (batch: readonly Event[]) => void log.push(`events ${batch.map(({ offset }) => offset).join()}`),
      onReset: (reason) => void log.push(`reset ${reason}`),
      onState: (now) =>
        void log.push(now.state === 'behind' ? `behind ${now.toGo}` : now.state === 'gone' ? `gone ${now.code}` : now.state),
      ...options,
    },
    {
      env: clock,
      ask: () => void did.asks++,
      askPresence: (_channel, after, taken) => {
        did.presence = (reply) => taken(reply);
        log.push(`who is there${after === undefined ? '' : ` behind ${after}`}?`);
        return Promise.resolve();
      },
      changed: () => void did.changes++,
      closed: () => void did.closes++,
    },
  );
  return { subscription, clock, log, did };
}

/** Stands at `position`, live. */
function standing(position: string, options: Partial<SubscribeOptions> = {}) {
  const all = setUp({ position, ...options });
  all.subscription.target();
  all.subscription.answered(reply(position, Number.parseInt(position, 10), true));
  all.log.length = 0;
  return all;
}

describe('subscription', () => {
  it('P5: refuses a position that is none', () => {
    for (const position of ['7', '', 'x~y~z']) {
      assert.throws(
        () => setUp({ position }),
        (error) => error instanceof HubbubError && error.code === 'bad_position',
      );
    }
  });

  it('P5, P25: asks from where it was told to, then from where it stands', () => {
    assert.deepEqual(setUp().subscription.target(), { channel: 'room:x' });
    assert.deepEqual(setUp({ position: '0', maxGap: 0 }).subscription.target(), { channel: 'room:x', position: '0', maxGap: 0 });
    const { subscription, clock } = standing('7~e1', { maxGap: 9 });
    subscription.onEvents(events([8, 9]));
    assert.deepEqual(subscription.target(), { channel: 'room:x', position: '9~e1', maxGap: 9 });
    assert.equal(clock.counts.get('resumed'), 1);
  });

  it('P26, P64: hands on signals, but not those that come before its reply', () => {
    const signal = { push: 'signal', channel: 'room:x', from: 'ben', kind: 'typing', body: 1 } satisfies SignalPush;
    const heard: unknown[] = [];
    const { subscription } = setUp({ onSignal: (one) => void heard.push(one) });
    subscription.onSignal(signal);
    subscription.target();
    subscription.answered(reply('7~e1', 7, true));
    subscription.onSignal(signal);
    subscription.lost();
    subscription.onSignal(signal);
    assert.deepEqual(heard, [{ from: 'ben', kind: 'typing', body: 1 }]);
    standing('7~e1').subscription.onSignal(signal);
  });

  it('P65: asks who is there whenever it has been let in, and shows it until it is closed', () => {
    const push = { push: 'presence', channel: 'room:x', count: 2, joined: [{ user: 'ben', sessions: 1 }], left: [] } satisfies PresencePush;
    const { subscription, log, did } = setUp({
      onPresence: ({ state, users }) => void log.push(`${state} ${[...users.keys()].join()}`),
    });
    const answer = (user: string): void => did.presence({ count: 1, sample: [{ user, sessions: 1 }], signals: true });
    subscription.target();
    subscription.answered(reply('7~e1', 7, true));
    answer('ann');
    subscription.onPresence(push);
    assert.deepEqual(log.splice(0), ['live', 'who is there?', 'known ann', 'known ann,ben']);
    subscription.lost();
    subscription.onPresence(push);
    assert.deepEqual(log.splice(0), ['opening ann,ben', 'opening']);
    subscription.target();
    subscription.answered(reply('7~e1', 7, true));
    answer('cem');
    assert.deepEqual(log.splice(0), ['live', 'who is there?', 'known cem']);
    subscription.onEvents(events([9]));
    assert.deepEqual(log.splice(0), ['opening cem', 'opening'], 'it subscribes again, and the server has forgotten');
    subscription.target();
    subscription.answered(reply('7~e1', 9, true));
    answer('dua');
    log.length = 0;
    subscription.onState(state({ state: 'gone', reason: 'forbidden' }));
    assert.deepEqual(log.splice(0), ['opening dua', 'gone forbidden']);
    subscription.close();
    subscription.onPresence(push);
    assert.deepEqual(log, []);
    assert.equal(standing('7~e1').subscription.presence, undefined);
  });

  it('P22: takes its first position from the reply', () => {
    const { subscription } = setUp();
    subscription.target();
    assert.equal(subscription.position, undefined);
    subscription.answered(reply('41~e1', 41, true));
    assert.equal(subscription.position, '41~e1');
    assert.deepEqual(subscription.state, { state: 'live' });
  });

  it('P22: where it stood already it stays, whatever the reply says', () => {
    const { subscription } = standing('7~e1');
    subscription.lost();
    subscription.target();
    subscription.answered(reply('3~e1', 9));
    assert.equal(subscription.position, '7~e1');
    assert.equal(subscription.toGo, 2);
  });

  it('I3, I4: applies a batch as it came, and counts down what is to go', () => {
    const { subscription, log } = setUp({ position: '0' });
    subscription.target();
    subscription.answered(reply('0~e1', 5));
    subscription.onEvents(events([1, 2, 3]));
    subscription.onEvents(events([4, 5]));
    subscription.onState(state({ state: 'live' }));
    assert.deepEqual(log, ['behind 5', 'events 1,2,3', 'behind 2', 'events 4,5', 'behind 0', 'live']);
    assert.equal(subscription.position, '5~e1');
  });

  it('I2: drops what it has', () => {
    const { subscription, log, did } = standing('7~e1');
    subscription.onEvents(events([5, 6, 7]));
    subscription.onEvents(events(range(6, 9)));
    subscription.onEvents(events([9]));
    subscription.onEvents(events([]));
    assert.deepEqual(log, ['events 8,9']);
    assert.equal(did.asks, 0);
  });

  for (const [what, push] of [
    ['a hole before a frame', events([9, 10])],
    ['a hole inside a frame', events([8, 10])],
    ['an offset twice in a frame', events([8, 8])],
    ['offsets in the wrong order', events([9, 8])],
    ['another epoch', events([8], 'e2')],
  ] as const) {
    it(`P32, I3: ${what} is a gap: counted, asked anew from what it has, deaf until the reply`, () => {
      const { subscription, clock, log, did } = standing('7~e1');
      subscription.onEvents(push);
      assert.equal(clock.counts.get('client_gap'), 1);
      assert.equal(did.asks, 1);
      assert.deepEqual(log, ['opening']);
      subscription.onEvents(events([8]));
      subscription.onState(state({ state: 'live' }));
      assert.equal(subscription.target().position, '7~e1');
      subscription.onEvents(events([8]));
      assert.deepEqual(log, ['opening']);
      subscription.answered(reply('7~e1', 9));
      subscription.onEvents(events([8, 9]));
      assert.deepEqual(log, ['opening', 'behind 2', 'events 8,9', 'behind 0']);
    });
  }

  it('P32: a server that leaves hole after hole is asked more and more seldom', async () => {
    const { subscription, clock, did } = standing('7~e1');
    let asked = 0;
    for (let second = 0; second < 600; second++) {
      subscription.onEvents(events([9]));
      for (; asked < did.asks; asked++) {
        subscription.target();
        subscription.answered(reply('7~e1', 9));
      }
      await clock.pass(100);
    }
    assert.ok(did.asks >= 4 && did.asks < 20, `${did.asks} times in a minute`);
  });

  it('P26: is deaf from asking to the reply, and after the link was lost', () => {
    const { subscription, log } = standing('7~e1');
    subscription.lost();
    subscription.onEvents(events([8]));
    subscription.target();
    subscription.onEvents(events([8]));
    subscription.onState(state({ state: 'reset', reason: 'new_epoch', position: '0~e2' }));
    assert.deepEqual(log, ['opening']);
    assert.equal(subscription.position, '7~e1');
  });

  for (const reason of ['new_epoch', 'beyond_head', 'too_old'] as const) {
    it(`I3, I11: reset ${reason}: says it before what comes after, and goes on from there`, () => {
      const { subscription, log } = standing('70~e1');
      subscription.onState(state({ state: 'reset', reason, position: '10~e2', head: 12 }));
      subscription.onEvents(events([11, 12], 'e2'));
      assert.deepEqual(log, [`reset ${reason}`, 'behind 2', 'events 11,12', 'behind 0']);
      assert.equal(subscription.position, '12~e2');
    });
  }

  it('I3: trimmed: says it, and goes on from there', () => {
    const { subscription, log } = standing('7~e1');
    subscription.onState(state({ state: 'trimmed', position: '100~e1', head: 101 }));
    subscription.onEvents(events([101]));
    assert.deepEqual(log, ['reset trimmed', 'behind 1', 'events 101', 'behind 0']);
  });

  it('P33: behind says how far, live says that nothing is missing, and the same is not said twice', () => {
    const { subscription, log } = standing('7~e1');
    for (const head of [9, 9, 12]) subscription.onState(state({ state: 'behind', head }));
    for (let at = 0; at < 2; at++) subscription.onState(state({ state: 'live' }));
    assert.deepEqual(log, ['behind 2', 'behind 5', 'live']);
  });

  it('I7: gone is the end: nothing more is applied, no later reply brings it back', () => {
    const { subscription, log } = standing('7~e1');
    subscription.onState(state({ state: 'gone', reason: 'forbidden' }));
    subscription.onEvents(events([8]));
    subscription.lost();
    subscription.target();
    subscription.answered(reply('7~e1', 9, true));
    subscription.onEvents(events([8]));
    assert.deepEqual(log, ['gone forbidden']);
    assert.equal(subscription.position, '7~e1');
  });

  it('P23: an error that is final ends it, one that passes leaves it opening', () => {
    const one = setUp();
    one.subscription.target();
    one.subscription.answered({ error: { code: 'overloaded', text: '' } });
    assert.deepEqual(one.subscription.state, { state: 'opening' });
    one.subscription.onEvents(events([1]));
    one.subscription.answered({ error: { code: 'forbidden', text: '' } });
    assert.deepEqual(one.subscription.state, { state: 'gone', code: 'forbidden' });
    assert.deepEqual(one.log, ['gone forbidden']);
  });

  it('close ends it at once, and from inside a callback too', () => {
    const { subscription, log, did } = standing('7~e1', { onEvents: () => subscription.close() });
    subscription.onState(state({ state: 'behind', head: 9 }));
    subscription.onEvents(events([8]));
    subscription.onEvents(events([9]));
    assert.deepEqual(log, ['behind 2']);
    assert.equal(did.closes, 1);
    assert.equal(subscription.position, '8~e1');
    assert.deepEqual(subscription.state, { state: 'gone', code: 'closed' });
  });

  it('a callback that throws stops nothing; what it threw surfaces in a turn of its own', async () => {
    const fail = (): never => {
      throw new Error('mine');
    };
    const { subscription, clock, did } = standing('7~e1', { onEvents: fail, onReset: fail, onState: fail });
    await assert.rejects(clock.flush(), /mine/);
    const calls: (() => void)[] = [
      () => subscription.onEvents(events([8])),
      () => subscription.onState(state({ state: 'behind', head: 9 })),
      () => subscription.onState(state({ state: 'reset', reason: 'too_old', position: '20~e1', head: 21 })),
    ];
    for (const call of calls) {
      call();
      await assert.rejects(clock.flush(), /mine/);
    }
    subscription.onEvents(events([21]));
    assert.equal(subscription.position, '21~e1');
    assert.ok(did.changes >= 3);
  });
});
