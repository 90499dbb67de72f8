/** What somebody costs who subscribes and does not read: a number, not the events. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { Process } from '@hubbub/rig/process';
import type { Found } from './behind-node.ts';

const node = resolve(import.meta.dirname, 'behind-node.ts');
/** Of heap, for a subscription that is behind. */
const most = 1_024;

async function find(): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'hubbub-behind-'));
  try {
    const { code, stdout, stderr } = await Process.run({ command: process.execPath, args: ['--expose-gc', node, folder] });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Found;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('subscriptions that are behind', () => {
  it('I8 I3 cost 1 KiB of heap each, however much they miss, and leave nothing when they have caught up', async (t) => {
    const found = await find();
    const { subscriptions, events, bytes, idle, behind, caughtUp, before, meanwhile, after } = found;
    const each = (heap: number): number => Math.round((heap - idle) / subscriptions);
    t.diagnostic(
      `${subscriptions} subscriptions missed ${events} events, ${Math.round(bytes / 1e6)} MB: ${each(behind)} bytes of heap each, ${each(caughtUp)} when they had caught up`,
    );
    assert.ok(found.firstBehind < found.head - events / 2, 'all were far behind');
    assert.equal(found.lastCaughtUp, found.head, 'each has been given every event, once and in order');
    assert.ok(each(behind) <= most, `${each(behind)} bytes each`);
    assert.ok(each(caughtUp) <= most, `${each(caughtUp)} bytes each, with nothing to show for it`);
    assert.deepEqual(after, before);
    // To be told again how much is to go.
    const { timers, behind: below, ...same } = meanwhile;
    assert.equal(below, subscriptions);
    assert.deepEqual({ ...same, timers: before.timers, behind: 0 }, before);
    assert.ok(timers - before.timers <= subscriptions, `${timers} timers`);
  });
});
