import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ConnectionEvent, type ConnectionState, step } from './connection-state.ts';

type Phase = ConnectionState['phase'];
type EventType = ConnectionEvent['type'];

const events: { readonly [Type in EventType]: Extract<ConnectionEvent, { type: Type }> } = {
  opened: { type: 'opened' },
  welcomed: { type: 'welcomed' },
  lost: { type: 'lost', now: 1_000, wait: (attempt) => attempt * 10 },
  refused: { type: 'refused', code: 'unauthorized', text: 'no' },
  retry: { type: 'retry' },
  signedIn: { type: 'signedIn' },
  close: { type: 'close' },
};

const states: { readonly [Name in Phase]: Extract<ConnectionState, { phase: Name }> } = {
  waiting: { phase: 'waiting', attempt: 3, retryAt: 5 },
  dialing: { phase: 'dialing', attempt: 3 },
  greeting: { phase: 'greeting', attempt: 3 },
  open: { phase: 'open' },
  refused: { phase: 'refused', code: 'upgrade_required', text: 'old' },
  closed: { phase: 'closed' },
};

const refused: ConnectionState = { phase: 'refused', code: 'unauthorized', text: 'no' };
const closed: ConnectionState = { phase: 'closed' };
const dialing = (attempt: number): ConnectionState => ({ phase: 'dialing', attempt });
const waiting = (attempt: number): ConnectionState => ({ phase: 'waiting', attempt, retryAt: 1_000 + attempt * 10 });

/** What is not listed changes nothing. */
const moves: { readonly [Name in Phase]: { readonly [Type in EventType]?: ConnectionState } } = {
  waiting: { retry: dialing(3), signedIn: dialing(3), close: closed },
  dialing: { opened: { phase: 'greeting', attempt: 3 }, lost: waiting(4), refused, close: closed },
  greeting: { welcomed: { phase: 'open' }, lost: waiting(4), refused, signedIn: dialing(3), close: closed },
  open: { lost: waiting(1), refused, signedIn: dialing(1), close: closed },
  refused: { refused, retry: dialing(1), signedIn: dialing(1), close: closed },
  closed: {},
};

const anyEvent = fc.constantFrom(...Object.values(events));
const anySequence = fc.array(anyEvent, { maxLength: 60 });

function run(
  sequence: readonly ConnectionEvent[],
  each: (before: ConnectionState, event: ConnectionEvent, after: ConnectionState) => void,
): void {
  let state: ConnectionState = { phase: 'dialing', attempt: 1 };
  for (const event of sequence) {
    const after = step(state, event);
    each(state, event, after);
    state = after;
  }
}

describe('connection-state', () => {
  for (const phase of Object.keys(states) as Phase[]) {
    for (const type of Object.keys(events) as EventType[]) {
      const expected = moves[phase][type];
      it(`${phase}, ${type}: ${expected?.phase ?? 'stays'}`, () => {
        const after = step(states[phase], events[type]);
        if (expected) assert.deepEqual(after, expected);
        else assert.equal(after, states[phase], 'the same object');
      });
    }
  }

  it('closed is final', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        run(sequence, (before, _, after) => {
          if (before.phase === 'closed') assert.equal(after, before);
        });
      }),
    );
  });

  it('close ends every state', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        run([...sequence, events.close], (_, event, after) => {
          if (event.type === 'close') assert.equal(after.phase, 'closed');
        });
      }),
    );
  });

  it('refused leaves only by retry, signedIn or close', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        run(sequence, (before, event, after) => {
          if (before.phase !== 'refused' || after.phase === 'refused') return;
          assert.ok(['retry', 'signedIn', 'close'].includes(event.type), event.type);
        });
      }),
    );
  });

  it('attempts grow by one a loss, and begin anew after open', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        run(sequence, (before, event, after) => {
          if (event.type === 'lost' && after !== before) {
            assert.ok(after.phase === 'waiting');
            assert.equal(after.attempt, 'attempt' in before ? before.attempt + 1 : 1);
            assert.equal(after.retryAt, 1_000 + after.attempt * 10);
          } else if ('attempt' in before && 'attempt' in after) assert.equal(after.attempt, before.attempt);
          else if ('attempt' in after) assert.equal(after.attempt, 1);
        });
      }),
    );
  });

  it('opens only through a greeting', () => {
    fc.assert(
      fc.property(anySequence, (sequence) => {
        run(sequence, (before, event, after) => {
          if (after.phase === 'open' && before.phase !== 'open') assert.deepEqual([before.phase, event.type], ['greeting', 'welcomed']);
        });
      }),
    );
  });
});
