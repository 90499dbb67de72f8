import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HubbubError } from './error.ts';
import { failed, idOf, sent, setUp } from './outbox.fixture.ts';

describe('outbox: what ends it', () => {
  it('refused for good: rejected, kept as failed with the cause, and passed over', async () => {
    const { clock, outbox, commands, last, add, ends, numbers } = setUp();
    outbox.opened('ann');
    for (const number of [1, 2]) add(number);
    await clock.flush();
    last().reply([failed('id_conflict'), sent(1)]);
    await clock.flush();
    assert.equal(ends.get(1), 'id_conflict');
    assert.deepEqual(outbox.list('room:x'), [
      {
        id: idOf(1),
        channel: 'room:x',
        kind: 'message',
        body: 1,
        state: 'failed',
        error: { code: 'id_conflict', text: 'it is id_conflict' },
      },
    ]);
    assert.equal(commands.length, 1);
    add(3);
    await clock.flush();
    assert.deepEqual(numbers(), [3]);
  });

  it('a command refused for good refuses all of it', async () => {
    const { clock, outbox, last, add, ends, states } = setUp();
    outbox.opened('ann');
    for (const number of [1, 2]) add(number);
    await clock.flush();
    last().fail('forbidden');
    await clock.pass(60_000);
    assert.deepEqual([ends.get(1), ends.get(2), states()], ['forbidden', 'forbidden', ['failed', 'failed']]);
  });

  it('retry: sends what failed again, under its id; what did not fail is left alone', async () => {
    const { clock, outbox, commands, last, add, numbers, states } = setUp();
    outbox.opened('ann');
    add(1);
    await clock.flush();
    outbox.retry(idOf(1));
    outbox.retry(idOf(99));
    await clock.flush();
    assert.equal(commands.length, 1);
    last().reply([failed('forbidden')]);
    await clock.flush();
    outbox.retry(idOf(1));
    await clock.flush();
    assert.deepEqual([numbers(), states()], [[1], ['sent']]);
    last().reply([sent(1)]);
    await clock.flush();
    assert.deepEqual(states(), []);
  });

  it('discard: rejects what waits, and what failed is gone', async () => {
    const { clock, outbox, commands, add, ends, states } = setUp();
    for (const number of [1, 2]) add(number);
    outbox.discard(idOf(1));
    outbox.discard(idOf(99));
    outbox.opened('ann');
    await clock.flush();
    assert.equal(ends.get(1), 'discarded');
    assert.deepEqual([commands.length, states()], [1, ['sent']]);
    commands[0]?.reply([failed('forbidden')]);
    await clock.flush();
    outbox.discard(idOf(2));
    assert.deepEqual([ends.get(2), states()], ['forbidden', []]);
  });

  it('discard: what is on its way is not sent again, whatever its reply is', async () => {
    const { clock, outbox, commands, last, add, ends, numbers } = setUp();
    outbox.opened('ann');
    for (const number of [1, 2]) add(number);
    await clock.flush();
    outbox.discard(idOf(1));
    last().fail('timeout');
    await clock.pass(200);
    assert.deepEqual([commands.length, numbers(), ends.get(1)], [2, [2], 'discarded']);
  });

  it('I1: a lost link keeps everything, and it goes out at once when there is a new one', async () => {
    const { clock, outbox, commands, last, add, numbers, states } = setUp();
    outbox.opened('ann');
    for (const number of [1, 2]) add(number);
    await clock.flush();
    outbox.lost();
    last().fail('link_lost');
    await clock.pass(60_000);
    assert.deepEqual([commands.length, states()], [1, ['pending', 'pending']]);
    outbox.opened('ann');
    await clock.flush();
    assert.deepEqual([commands.length, numbers()], [2, [1, 2]]);
  });

  it('a new link does not wait for the pause', async () => {
    const { clock, outbox, commands, last, add } = setUp();
    outbox.opened('ann');
    add(1);
    await clock.flush();
    last().fail('unavailable', 60_000);
    await clock.flush();
    outbox.lost();
    outbox.opened('ann');
    await clock.flush();
    assert.equal(commands.length, 2);
    assert.equal(clock.pending, 0);
  });

  it('closed: rejects what waits and what comes, sends nothing', async () => {
    const { clock, outbox, commands, last, add, ends, states } = setUp();
    outbox.opened('ann');
    add(1);
    add(2, 'room:y');
    await clock.flush();
    last().fail('unavailable');
    await clock.flush();
    outbox.close();
    add(3);
    await clock.pass(60_000);
    outbox.opened('ann');
    await clock.pass(60_000);
    assert.deepEqual([ends.get(1), ends.get(2), ends.get(3)], ['closed', 'closed', 'closed']);
    assert.deepEqual([commands.length, states(), clock.pending], [2, [], 0]);
  });

  const id = idOf(1);
  for (const [code, draft] of [
    ['bad_body', { kind: 'message', body: undefined }],
    ['bad_body', { kind: 'message', body: 1n }],
    ['bad_body', { kind: 'message', body: [Number.NaN] }],
    ['too_large', { kind: 'message', body: 'x'.repeat(16_383) }],
    ['bad_kind', { kind: 'Message', body: 1 }],
    ['bad_kind', { kind: 'k'.repeat(65), body: 1 }],
    ['bad_id', { kind: 'message', body: 1, id: id.slice(1) }],
    ['bad_id', { kind: 'message', body: 1, id: 'x'.repeat(65) }],
    ['bad_name', { kind: 'message', body: 1, from: 'a b' }],
    ['bad_command', { kind: 'message', body: 1, ts: -1 }],
    ['bad_command', { kind: 'message', body: 1, ts: Number.NaN }],
  ] as const) {
    const what = Object.entries(draft)
      .map(([name, value]) => `${name} ${String(value).slice(0, 12)}`)
      .join(', ');
    it(`${code}: ${what}: is rejected at once, and takes nothing else with it`, async () => {
      const { clock, outbox, numbers, add } = setUp();
      outbox.opened('ann');
      add(1);
      await assert.rejects(outbox.add('room:x', draft), (error) => error instanceof HubbubError && error.code === code);
      await clock.flush();
      assert.deepEqual(numbers(), [1]);
      assert.equal(outbox.list('room:x').length, 1);
    });
  }

  it('tells of every change', async () => {
    const changes: string[] = [];
    const { clock, outbox, last, add } = setUp((channel) => void changes.push(channel));
    outbox.opened('ann');
    add(1);
    await clock.flush();
    const before = changes.length;
    last().reply([sent(1)]);
    await clock.flush();
    assert.ok(before >= 2 && changes.length > before);
    assert.deepEqual(new Set(changes), new Set(['room:x']));
  });

  it('a listener that throws does not stop it, and no acknowledgement is lost', async () => {
    const { clock, outbox, commands, add, ends } = setUp(() => {
      throw new Error('mine');
    });
    const surfaced = async (): Promise<void> => {
      for (let thrown = true; thrown; ) {
        thrown = false;
        await clock.flush().catch(() => {
          thrown = true;
        });
      }
    };
    outbox.opened('ann');
    for (const number of [1, 2]) add(number);
    await surfaced();
    commands[0]?.reply([sent(1), sent(2)]);
    await surfaced();
    assert.deepEqual([typeof ends.get(1), typeof ends.get(2), commands.length], ['object', 'object', 1]);
  });
});
