import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { byteLength } from '@hubbub/protocol/body';
import { limits } from '@hubbub/protocol/limits';
import { isId } from '@hubbub/protocol/names';
import fc from 'fast-check';
import { failed, idOf, sent, setUp } from './outbox.fixture.ts';

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('outbox', () => {
  it('I4: what is sent in one turn goes in one command, in order, and is acknowledged', async () => {
    const { clock, outbox, commands, last, add, ends, numbers, states } = setUp();
    outbox.opened('ann');
    for (const number of [1, 2, 3]) add(number);
    assert.deepEqual([commands.length, states()], [0, ['pending', 'pending', 'pending']]);
    await clock.flush();
    assert.deepEqual([commands.length, numbers(), states()], [1, [1, 2, 3], ['sent', 'sent', 'sent']]);
    last().reply([sent(5), { ...sent(6), duplicate: true }, sent(7)]);
    await clock.flush();
    assert.deepEqual(ends.get(1), { offset: 5, n: 5, ts: 1, epoch: 'e1', duplicate: false });
    assert.deepEqual(ends.get(2), { offset: 6, n: 6, ts: 1, epoch: 'e1', duplicate: true });
    assert.deepEqual(outbox.list('room:x'), []);
    assert.equal(commands.length, 1);
  });

  it('P29: one command a channel is on its way; what gathers meanwhile is the next', async () => {
    const { clock, outbox, commands, last, add, numbers } = setUp();
    outbox.opened('ann');
    add(1);
    await clock.flush();
    for (const number of [2, 3]) add(number);
    add(4, 'room:y');
    await clock.flush();
    assert.deepEqual(
      commands.map(({ channel }) => channel),
      ['room:x', 'room:y'],
    );
    commands[0]?.reply([sent(1)]);
    await clock.flush();
    assert.deepEqual([commands.length, last().channel, numbers()], [3, 'room:x', [2, 3]]);
  });

  it('P27: a command has at most 64 events', async () => {
    const { clock, outbox, last, add, numbers } = setUp();
    for (const number of range(1, 65)) add(number);
    outbox.opened('ann');
    await clock.flush();
    assert.deepEqual(numbers(), range(1, 64));
    last().reply(range(1, 64).map(sent));
    await clock.flush();
    assert.deepEqual(numbers(), [65]);
  });

  for (const [what, body] of [
    ['one byte', 'x'.repeat(limits.bodyBytes - 2)],
    ['three bytes', '李'.repeat(Math.floor((limits.bodyBytes - 2) / 3))],
    ['four bytes', '👩'.repeat((limits.bodyBytes - 4) / 4)],
  ] as const) {
    it(`P11: a command of the largest bodies, in letters of ${what}, stays below a frame's limit`, async () => {
      const { clock, outbox, commands, last, add } = setUp();
      for (const number of range(1, 64)) add(number, 'room:x', body);
      outbox.opened('ann');
      await clock.flush();
      let taken = 0;
      while (taken < 64) {
        assert.ok(byteLength(last().text) < limits.frameBytes - 1_024);
        const { events } = last();
        last().reply(events.map((_, at) => sent(taken + at + 1)));
        taken += events.length;
        await clock.flush();
      }
      assert.equal(taken, 64);
      assert.ok(commands.length > 1);
    });
  }

  it('I6: a retry has the same bytes, and the state says that it is not known', async () => {
    const { clock, outbox, commands, last, add, numbers, states } = setUp();
    outbox.opened('ann');
    for (const number of [1, 2]) add(number);
    await clock.flush();
    last().fail('timeout');
    await clock.flush();
    assert.deepEqual(states(), ['unknown', 'unknown']);
    add(3);
    await clock.pass(199);
    assert.equal(commands.length, 1);
    await clock.pass(1);
    assert.deepEqual(numbers(), [1, 2, 3]);
    assert.ok(last().text.startsWith(`${commands[0]?.text},`));
    assert.equal(clock.counts.get('outbox_retry'), 2);
    assert.deepEqual(states(), ['unknown', 'unknown', 'sent']);
  });

  it('I4: a failure that passes pauses the channel for retryAfter, and no other channel', async () => {
    const { clock, outbox, commands, last, add, numbers } = setUp();
    outbox.opened('ann');
    add(1);
    await clock.flush();
    last().fail('overloaded', 5_000);
    await clock.flush();
    add(2);
    add(3, 'room:y');
    await clock.pass(5_199);
    assert.deepEqual(
      commands.map(({ channel }) => channel),
      ['room:x', 'room:y'],
    );
    await clock.pass(1);
    assert.deepEqual(numbers(), [1, 2]);
  });

  it('waits longer after each failure in a row, and anew after a success', async () => {
    const { clock, outbox, commands, last, add } = setUp();
    outbox.opened('ann');
    add(1);
    await clock.flush();
    for (const wait of [200, 400, 800]) {
      last().fail('unavailable');
      const before = commands.length;
      await clock.pass(wait - 1);
      assert.equal(commands.length, before);
      await clock.pass(1);
      assert.equal(commands.length, before + 1);
    }
    last().reply([sent(1)]);
    await clock.flush();
    add(2);
    await clock.flush();
    last().fail('unavailable');
    const before = commands.length;
    await clock.pass(200);
    assert.equal(commands.length, before + 1);
  });

  it('P28: a shorter list: the rest is sent again, in order, after the pause', async () => {
    const { clock, outbox, last, add, ends, numbers, states } = setUp();
    outbox.opened('ann');
    for (const number of range(1, 4)) add(number);
    await clock.flush();
    last().reply([sent(1), failed('unavailable', 1_000)]);
    await clock.flush();
    assert.deepEqual(states(), ['pending', 'pending', 'pending']);
    assert.ok(ends.has(1));
    await clock.pass(1_200);
    assert.deepEqual(numbers(), [2, 3, 4]);
  });

  it('P28: a list that ends with what may not be sent: the rest goes on at once', async () => {
    const { clock, outbox, last, add, ends, numbers, states } = setUp();
    outbox.opened('ann');
    for (const number of range(1, 3)) add(number);
    await clock.flush();
    last().reply([failed('forbidden')]);
    await clock.flush();
    assert.equal(ends.get(1), 'forbidden');
    assert.deepEqual(numbers(), [2, 3]);
    assert.deepEqual(states(), ['failed', 'sent', 'sent']);
  });

  it('P30: unknown in a result is shown, and asked again with the same id', async () => {
    const { clock, outbox, last, add, ends, numbers, states } = setUp();
    outbox.opened('ann');
    add(1);
    await clock.flush();
    last().reply([failed('unknown')]);
    await clock.flush();
    assert.deepEqual(states(), ['unknown']);
    await clock.pass(200);
    assert.deepEqual(numbers(), [1]);
    last().reply([{ ...sent(9), duplicate: true }]);
    await clock.flush();
    assert.deepEqual(ends.get(1), { ...sent(9), epoch: 'e1', duplicate: true });
  });

  it('I1, I4: whatever passes goes wrong, all is logged in the order sent, each id once', async () => {
    const answer = fc.record({
      take: fc.nat({ max: 5 }),
      lost: fc.boolean(),
      code: fc.constantFrom('unavailable', 'unknown', 'timeout', 'busy'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { maxLength: 12 }), async (answers) => {
        const { clock, outbox, commands, last, add, ends } = setUp();
        const log: string[] = [];
        outbox.opened('ann');
        for (const number of range(1, 8)) add(number);
        await clock.flush();
        for (const { take, lost, code } of [...answers, { take: 64, lost: false, code: '' }]) {
          const { events } = last();
          const written = events.slice(0, take).map(({ id }) => {
            if (!log.includes(id)) log.push(id);
            return sent(log.indexOf(id) + 1);
          });
          if (lost) last().fail(code);
          else last().reply(written.length === events.length ? written : [...written, failed(code)]);
          const before = commands.length;
          await clock.pass(16_000);
          if (commands.length === before) break;
        }
        assert.deepEqual(log, range(1, 8).map(idOf));
        for (const number of range(1, 8)) assert.equal(typeof ends.get(number), 'object');
      }),
    );
  });

  it('P4: makes an id where none is given', async () => {
    const { clock, outbox, last } = setUp();
    outbox.opened('ann');
    void outbox.add('room:x', { kind: 'message', body: 1 });
    await clock.flush();
    assert.ok(isId(last().events[0]?.id ?? ''));
  });
});
