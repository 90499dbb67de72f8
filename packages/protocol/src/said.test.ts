import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkSaid } from './said.fixture.ts';

describe('what a server says', () => {
  const event = { offset: 1, n: 1, ts: 1, id: 'x', from: 'ann', kind: 'message', body: { anything: [1] } };
  const good: [object, string?][] = [
    [{ push: 'health', stale: false, degraded: false }],
    [{ push: 'events', channel: 'room:x', epoch: 'e', events: [event] }],
    [{ res: 1 }, 'ping'],
    [{ res: 1, position: 1 }],
    [{ res: 1, error: { code: 'busy', text: 'x', retryAfter: 5 } }, 'send'],
    [{ res: 1, epoch: 'e', results: [{ offset: 1, n: 1, ts: 1 }, { error: { code: 'busy', text: 'x' } }] }, 'send'],
  ];
  const bad: [object, string?][] = [
    [{ push: 'health', stale: false }],
    [{ push: 'news' }],
    [{ push: 'health', stale: false, degraded: false, more: 1 }],
    [{ push: 'events', channel: 'room:x', epoch: 'e', events: [{ ...event, more: 1 }] }],
    [{ res: 1, more: 1 }, 'ping'],
    [{ res: 1.5 }, 'ping'],
    [{}],
    [{ res: 1, error: { code: 'busy' } }, 'send'],
    [{ res: 1, epoch: 'e', results: [{ offset: '1', n: 1, ts: 1 }] }, 'send'],
  ];
  for (const [frame, cmd] of good) it(`is in a schema: ${JSON.stringify(frame)}`, () => checkSaid({ ...frame }, cmd));
  for (const [frame, cmd] of bad) it(`is in none: ${JSON.stringify(frame)}`, () => assert.throws(() => checkSaid({ ...frame }, cmd)));
});
