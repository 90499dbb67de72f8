import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConnectionState } from './connection-state.ts';
import { confirmation, type Status, statusOf } from './status.ts';
import type { SubscriptionState } from './subscription.ts';

const fresh = { wasOpen: true, stale: false, confirmedFor: 0 };
const open: ConnectionState = { phase: 'open' };
const live = { state: { state: 'live' }, toGo: 0 } as const satisfies { state: SubscriptionState; toGo: number };
const opening = { state: { state: 'opening' }, toGo: 2 } as const;
const behind = { state: { state: 'behind', toGo: 5 }, toGo: 5 } as const;
const gone = { state: { state: 'gone', code: 'forbidden' }, toGo: 0 } as const;

const rows: [string, Status, ...Parameters<typeof statusOf>][] = [
  ['closed', { state: 'closed' }, { phase: 'closed' }, [live], fresh],
  [
    'refused, with the cause',
    { state: 'refused', code: 'unauthorized', text: 'no' },
    { phase: 'refused', code: 'unauthorized', text: 'no' },
    [live],
    { ...fresh, stale: true },
  ],
  [
    'waits for the back-off, the first time too',
    { state: 'reconnecting', attempt: 2, retryAt: 9 },
    { phase: 'waiting', attempt: 2, retryAt: 9 },
    [],
    { ...fresh, wasOpen: false },
  ],
  ['the first dial', { state: 'connecting' }, { phase: 'dialing', attempt: 1 }, [], { ...fresh, wasOpen: false }],
  ['the first greeting', { state: 'connecting' }, { phase: 'greeting', attempt: 1 }, [], { ...fresh, wasOpen: false }],
  ['the second dial', { state: 'reconnecting', attempt: 2 }, { phase: 'dialing', attempt: 2 }, [], { ...fresh, wasOpen: false }],
  ['a dial after a loss', { state: 'reconnecting', attempt: 1 }, { phase: 'dialing', attempt: 1 }, [live], fresh],
  ['a greeting after a loss', { state: 'reconnecting', attempt: 1 }, { phase: 'greeting', attempt: 1 }, [live], fresh],
  ['all at the head, confirmed', { state: 'live' }, open, [live, live], fresh],
  ['nothing subscribed to, confirmed', { state: 'live' }, open, [], fresh],
  ['one that is gone holds nothing up', { state: 'live' }, open, [live, gone], fresh],
  ['one is behind', { state: 'catching-up', toGo: 5 }, open, [live, behind], fresh],
  ['one is opening, sums over all', { state: 'catching-up', toGo: 7 }, open, [opening, behind, live], fresh],
  ['not confirmed on this link yet', { state: 'catching-up', toGo: 0 }, open, [live], { ...fresh, confirmedFor: Number.POSITIVE_INFINITY }],
  ['confirmed just within two heartbeats', { state: 'live' }, open, [live], { ...fresh, confirmedFor: confirmation - 1 }],
  ['confirmed two heartbeats ago', { state: 'stale' }, open, [live], { ...fresh, confirmedFor: confirmation }],
  ['the server says that it is stale', { state: 'stale' }, open, [live, behind], { ...fresh, stale: true }],
];

describe('status', () => {
  for (const [what, expected, ...given] of rows) {
    it(`I12: ${what}: ${expected.state}`, () => assert.deepEqual(statusOf(...given), expected));
  }

  it('I12: a confirmation holds for two heartbeats of 10 s', () => assert.equal(confirmation, 20_000));
});
