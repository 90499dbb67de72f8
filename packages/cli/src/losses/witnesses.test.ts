/** Of one history the checker of `prove` and the count of losses must say the same, or the two halves of the table could not be compared. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countLosses } from '../../../../bench/src/losses.ts';
import { check } from '../prove/checker.ts';
import type { Account, Given, History, Step } from '../prove/history.ts';
import { ordersOf, witnessesOf } from './witnesses.ts';

const channel = 'room:a';
const ids = ['one', 'two', 'three', 'four', 'five'];
const right: readonly Given[] = ids.map((id, at) => [at + 1, id]);

/** Ann says all; she, Ben and Cleo are given it, Ben what is planted. */
function history(given: readonly Given[]): History {
  const sendings = ids.map((id, at) => ({ channel, id, sentAt: at * 10, ack: { epoch: 'e', offset: at + 1, at: at * 10 + 5 } }));
  const steps = (events: readonly Given[]): Record<string, readonly Step[]> => ({
    [channel]: events.map((event, at) => ({ what: 'events', at: at * 10 + 6, epoch: 'e', events: [event] })),
  });
  const account = (name: string, events: readonly Given[]): Account => ({
    ...{ name, user: name, sendings: [], steps: steps(events), holes: 0, garbled: 0, troubles: [] },
  });
  const accounts = [{ ...account('ann', right), sendings }, account('ben', given), account('cleo', right)];
  return { accounts, log: { epoch: 'e', channels: { [channel]: right.map(([offset, id]) => ({ offset, id, from: 'ann' })) } }, cuts: [] };
}

function compare(given: readonly Given[]): void {
  const all = history(given);
  const verdict = check(all);
  const byChecker = { acked: verdict.acked, delivered: verdict.delivered, lost: verdict.of('lost'), duplicated: verdict.of('duplicated') };
  for (const orders of [ordersOf(all.log), {}]) {
    const { acked, delivered, lost, duplicated, reordered } = countLosses(witnessesOf(all.accounts), orders);
    assert.deepEqual({ acked, delivered, lost, duplicated }, byChecker);
    assert.equal(reordered, verdict.of('reordered'));
  }
}

describe('the count of losses and the checker', () => {
  const [one, two, three, four, five] = right as [Given, Given, Given, Given, Given];

  it('agree on a right history', () => compare(right));

  it('agree on what was lost', () => compare([one, two, five]));

  it('agree on what came twice', () => compare([one, two, two, three, four, one, five]));

  it('agree on what came late', () => compare([one, three, two, four, five]));

  it('agree on all of it at once', () => compare([one, three, two, two, five]));

  it('finds what was planted, and no more', () => {
    const { accounts, log } = history([one, three, two, two, five]);
    const counted = countLosses(witnessesOf(accounts), ordersOf(log));
    assert.deepEqual(counted, { acked: 5, unanswered: 0, delivered: 14, lost: 1, duplicated: 1, reordered: 1 });
  });

  it('refuses to count what was read anew', () => {
    const { accounts } = history(right);
    const [ann] = accounts;
    const reset: Step = { what: 'reset', at: 1, reason: 'new_epoch', epoch: 'f', offset: 1 };
    assert.throws(() => witnessesOf([{ ...ann!, steps: { [channel]: [reset] } }]), /ann was told to start again/);
  });
});
