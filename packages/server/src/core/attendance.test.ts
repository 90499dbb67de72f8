import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Attendance } from './attendance.ts';
import { Clock } from './clock.fixture.ts';
import type { Presence } from './presence.ts';
import type { Subscription } from './subscription.ts';
import type { Frame } from './transport.ts';
import { Watching } from './watching.ts';

/** A link that attends one channel; what it entered and left, and what was written to it. */
function stage() {
  const clock = new Clock();
  const log: string[] = [];
  const presence: Presence = {
    enter: (channel) => void log.push(`enter ${channel}`),
    leave: (channel, _, putOut) => void log.push(`${putOut ? 'put out of' : 'leave'} ${channel}`),
    watch: () => {},
    crowd: () => ({ count: 1, crowded: false }),
    list: () => ({ count: 1, crowded: false, sample: [] }),
    hear: () => {},
    gap: () => {},
    close: () => {},
    size: 0,
  };
  const watching = new Watching({ env: clock.env, presence: () => presence, held: () => false });
  const frames: Frame[] = [];
  const link = { open: true, offer: (frame: Frame) => frames.push(frame) > 0 };
  const traits = { name: 'simulated', signals: true, presence: true, loopback: false } as const;
  const attendance = new Attendance({ presence, watching }, { user: 'ann', session: 's' }, traits, link);
  const subscription = { channel: { name: 'room:a' }, admitted: true } as unknown as Subscription;
  return { clock, log, watching, frames, attendance, subscription };
}

describe('attendance', () => {
  it('P65 nothing is told before the answer has been written', async () => {
    const { clock, watching, frames, attendance, subscription } = stage();
    const begin = attendance.watch(subscription, true);
    watching.changed('room:a', { count: 2, crowded: false }, { user: 'ben', sessions: 1 });
    await clock.pass(1_000);
    assert.equal(frames.length, 0);
    begin();
    await clock.pass(1_000);
    assert.match(frames[0]?.text ?? '', /"whole":true/, 'which may have been too old by then');
  });

  it('P66 is in a channel once, and only while the link lives', () => {
    const { log, attendance, subscription } = stage();
    attendance.entered(subscription);
    attendance.entered(subscription);
    attendance.alive = false;
    attendance.alive = false;
    attendance.alive = true;
    attendance.left(subscription, true);
    attendance.left(subscription, false);
    assert.deepEqual(log.splice(0), ['enter room:a', 'leave room:a', 'enter room:a', 'put out of room:a']);
    attendance.alive = false;
    attendance.entered(subscription);
    attendance.left(subscription, false);
    assert.deepEqual(log, []);
  });
});
