import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { idOf, kept, sent, setUp } from './outbox.fixture.ts';
import type { KeptEvent, OutboxStore } from './outbox-store.ts';

/** A store whose `put` is answered by hand. */
function byHand(events: readonly KeptEvent[] = []) {
  const puts: { event: KeptEvent; done: () => void; fail: () => void }[] = [];
  const removed: string[] = [];
  const store: OutboxStore = {
    load: async () => events,
    put: (event) => new Promise((resolve, reject) => puts.push({ event, done: resolve, fail: () => reject(new Error('full')) })),
    remove: async (id) => void removed.push(id),
  };
  return { store, puts, removed };
}

describe('an outbox that outlives the program', () => {
  it('sends nothing that is not kept yet, keeps the order, and lets go of what is acknowledged', async () => {
    const { store, puts, removed } = byHand();
    const { outbox, commands, add, numbers, last, clock } = setUp(() => {}, store);
    outbox.opened('ann');
    await clock.flush();
    for (const number of [1, 2, 3]) add(number);
    puts[1]?.done();
    await clock.flush();
    assert.equal(commands.length, 0, 'the second waits for the first');
    puts[0]?.done();
    await clock.flush();
    assert.deepEqual(numbers(), [1, 2]);
    puts[2]?.fail();
    last().reply([sent(1), sent(2)]);
    await clock.flush();
    assert.deepEqual(numbers(), [3], 'one that cannot be kept is sent all the same');
    assert.deepEqual(removed, [idOf(1), idOf(2)]);
    assert.deepEqual([puts[0]?.event.user, puts[0]?.event.channel], ['ann', 'room:x']);
    outbox.discard(idOf(3));
    assert.equal(removed.length, 3);
  });

  it('sends what a former run has left before anything new, and only what is of the same user', async () => {
    const left = [kept(1, { user: 'ann' }), kept(2, { user: 'ben' }), kept(3), kept(4, { channel: 'room:y', user: 'ann' })];
    const { store, puts } = byHand(left);
    const { outbox, commands, last, add, clock, numbers } = setUp(() => {}, store);
    add(5);
    puts[0]?.done();
    await clock.flush();
    outbox.opened('ann');
    await clock.flush();
    const said = (): unknown[] => commands.map(({ channel }, at) => [channel, numbers(at)]);
    const whose = puts.map(({ event }) => [event.id, event.user]);
    assert.deepEqual(whose, [
      [idOf(5), undefined],
      [idOf(5), 'ann'],
      [idOf(3), 'ann'],
    ]);
    const first = [
      ['room:x', [1]],
      ['room:y', [4]],
    ];
    assert.deepEqual(said(), first, 'what was nobody’s is kept as hers before it is sent');
    assert.equal(commands[0]?.text, left[0]?.text, 'the very text that was kept');
    puts[1]?.done();
    commands[0]?.reply([sent(1)]);
    await clock.flush();
    assert.deepEqual(said(), first, 'the fifth waits for the third');
    puts[2]?.fail();
    await clock.flush();
    assert.deepEqual([last().channel, numbers()], ['room:x', [3, 5]]);
  });

  it('goes on whatever is kept: what cannot be read is forgotten, and the others are sent', async () => {
    const left = [
      kept(1, { text: '{"id":"torn' }),
      kept(2, { text: 'null' }),
      kept(3, { channel: 'no channel' }),
      kept(4, { text: kept(9).text }),
      kept(5, { text: `{"id":"${idOf(5)}","kind":"Not one","body":1}` }),
      kept(6, { text: `{"id":"${idOf(6)}","kind":"message"}` }),
      kept(7),
      null as never,
      kept(8),
    ];
    const { store, removed } = byHand(left.map((event) => event && { ...event, user: 'ann' }));
    const { outbox, clock, numbers } = setUp(() => {}, store);
    outbox.opened('ann');
    await clock.flush();
    assert.deepEqual(numbers(), [7, 8]);
    assert.deepEqual(removed, [1, 2, 3, 4, 5, 6].map(idOf));
  });

  const fail = (): never => {
    throw new Error('gone');
  };
  for (const [what, load] of [
    ['rejects', () => Promise.reject(new Error('gone'))],
    ['throws', fail],
    ['gives what is no list', async () => 'x' as never],
  ] as const) {
    it(`sends what is new when its store ${what}`, async () => {
      const { outbox, add, clock, numbers } = setUp(() => {}, { ...byHand().store, load, put: fail });
      outbox.opened('ann');
      add(1);
      await clock.flush();
      assert.deepEqual(numbers(), [1]);
    });
  }

  it('what is discarded while the store is read does not come back', async () => {
    const reading = Promise.withResolvers<readonly KeptEvent[]>();
    const { store, removed, puts } = byHand();
    const { outbox, add, clock, numbers, ends, states } = setUp(() => {}, { ...store, load: () => reading.promise });
    for (const number of [2, 3]) add(number);
    for (const { done } of puts) done();
    outbox.opened('ann');
    await clock.flush();
    outbox.discard(idOf(1));
    outbox.discard(idOf(2));
    for (const { done } of puts) done();
    reading.resolve([1, 2, 3, 4].map((number) => kept(number, { user: 'ann' })));
    await clock.flush();
    assert.deepEqual(numbers(), [4, 3]);
    assert.deepEqual([removed, ends.get(2), states()], [[idOf(1), idOf(2)], 'discarded', ['sent', 'sent']]);
  });

  it('what was read when the client is closed goes nowhere', async () => {
    const reading = Promise.withResolvers<readonly KeptEvent[]>();
    const { outbox, clock, states, commands } = setUp(() => {}, { ...byHand().store, load: () => reading.promise });
    outbox.opened('ann');
    outbox.close();
    reading.resolve([kept(1)]);
    await clock.flush();
    assert.deepEqual([states(), commands.length], [[], 0]);
  });
});

describe('an outbox that is kept, and one user after the other', () => {
  /** A store that keeps at once. */
  function atOnce(events: readonly KeptEvent[] = []) {
    const all = new Map(events.map((event) => [event.id, event]));
    const store: OutboxStore = {
      load: async () => [...all.values()],
      put: async (event) => void all.set(event.id, event),
      remove: async (id) => void all.delete(id),
    };
    return { all, store };
  }

  it('I7: nothing is sent as somebody else, nor shown to him; it goes on when its user is there again', async () => {
    const { store, all } = atOnce([kept(1, { user: 'ben' })]);
    const { outbox, commands, add, last, numbers, clock, ends } = setUp(() => {}, store);
    const listed = (): number[] => outbox.list('room:x').map(({ id }) => Number(id.slice(-12)));
    add(2);
    outbox.opened('ann');
    await clock.flush();
    add(3);
    await clock.flush();
    assert.deepEqual([numbers(), listed()], [[2], [2, 3]]);
    outbox.lost();
    last().fail('link_lost');
    outbox.signingIn();
    add(4);
    assert.deepEqual(listed(), [2, 3, 4]);
    outbox.opened('ben');
    await clock.flush();
    assert.deepEqual([numbers(), listed()], [[1], [1, 4]]);
    last().reply([sent(1)]);
    await clock.flush();
    assert.deepEqual(numbers(), [4], 'written after the sign-in had begun');
    last().reply([sent(2)]);
    await clock.pass(60_000);
    assert.equal(commands.length, 3);
    const left = [...all.values()].map(({ id, user }) => [id, user]);
    assert.deepEqual(left, [
      [idOf(2), 'ann'],
      [idOf(3), 'ann'],
    ]);
    outbox.lost();
    outbox.opened('ann');
    await clock.flush();
    assert.deepEqual(numbers(), [2, 3]);
    last().reply([sent(3), sent(4)]);
    await clock.flush();
    assert.deepEqual([all.size, typeof ends.get(2), typeof ends.get(3)], [0, 'object', 'object']);
  });

  it('what is nobody’s is of who signs in first, also when the program is started again', async () => {
    const { store, all } = atOnce([kept(1)]);
    const first = setUp(() => {}, store);
    first.outbox.opened('ann');
    await first.clock.flush();
    assert.deepEqual(first.numbers(), [1]);
    first.outbox.close();
    assert.equal(all.get(idOf(1))?.user, 'ann');
    const second = setUp(() => {}, store);
    second.outbox.opened('ben');
    await second.clock.flush();
    assert.equal(second.commands.length, 0);
  });

  it('where nothing is kept, what is not sent goes out as whoever signs in', async () => {
    const { outbox, add, last, numbers, clock } = setUp();
    outbox.opened('ann');
    add(1);
    await clock.flush();
    outbox.lost();
    last().fail('link_lost');
    outbox.signingIn();
    outbox.opened('ann.new');
    await clock.flush();
    assert.deepEqual(numbers(), [1]);
  });
});
