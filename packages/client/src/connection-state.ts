/**
 * The life of a client's connection: event in, state out. Nothing here waits, dials or sends; `connection.ts` does what a state means.
 *
 * `waiting` for the back-off → `dialing` → `greeting` (hello is out) → `open`; `refused`: the server will not have us, until somebody
 * signs in anew; `closed`: for good.
 */
export type ConnectionState =
  | { readonly phase: 'waiting'; readonly attempt: number; readonly retryAt: number }
  | { readonly phase: 'dialing'; readonly attempt: number }
  | { readonly phase: 'greeting'; readonly attempt: number }
  | { readonly phase: 'open' }
  | { readonly phase: 'refused'; readonly code: string; readonly text: string }
  | { readonly phase: 'closed' };

export type ConnectionEvent =
  /** The link stands. */
  | { readonly type: 'opened' }
  /** hello was accepted. */
  | { readonly type: 'welcomed' }
  /** The link broke, never came, or was given up; `wait(attempt)` draws the next back-off. */
  | { readonly type: 'lost'; readonly now: number; readonly wait: (attempt: number) => number }
  | { readonly type: 'refused'; readonly code: string; readonly text: string }
  /** The back-off is over, or somebody is impatient. */
  | { readonly type: 'retry' }
  | { readonly type: 'signedIn' }
  | { readonly type: 'close' };

type Phase = ConnectionState['phase'];
type EventType = ConnectionEvent['type'];
type Step<P extends Phase, E extends EventType> = (
  state: Extract<ConnectionState, { phase: P }>,
  event: Extract<ConnectionEvent, { type: E }>,
) => ConnectionState;
/** Every phase says what it makes of every event: a missing cell is a type error. */
type Table = { readonly [P in Phase]: { readonly [E in EventType]: Step<P, E> } };

const stay = <State extends ConnectionState>(state: State): State => state;
const closed = (): ConnectionState => ({ phase: 'closed' });
const refused = (_: ConnectionState, { code, text }: Extract<ConnectionEvent, { type: 'refused' }>): ConnectionState => ({
  phase: 'refused',
  code,
  text,
});

type Lost = Extract<ConnectionEvent, { type: 'lost' }>;
const next = (attempt: number, { now, wait }: Lost): ConnectionState => ({ phase: 'waiting', attempt, retryAt: now + wait(attempt) });

const table: Table = {
  waiting: {
    opened: stay,
    welcomed: stay,
    lost: stay,
    refused: stay,
    retry: ({ attempt }) => ({ phase: 'dialing', attempt }),
    signedIn: ({ attempt }) => ({ phase: 'dialing', attempt }),
    close: closed,
  },
  dialing: {
    opened: ({ attempt }) => ({ phase: 'greeting', attempt }),
    welcomed: stay,
    lost: ({ attempt }, event) => next(attempt + 1, event),
    refused,
    retry: stay,
    signedIn: stay,
    close: closed,
  },
  greeting: {
    opened: stay,
    welcomed: () => ({ phase: 'open' }),
    lost: ({ attempt }, event) => next(attempt + 1, event),
    refused,
    retry: stay,
    // The hello that is out carries the old credentials: it is given up.
    signedIn: ({ attempt }) => ({ phase: 'dialing', attempt }),
    close: closed,
  },
  open: {
    opened: stay,
    welcomed: stay,
    lost: (_, event) => next(1, event),
    refused,
    retry: stay,
    signedIn: () => ({ phase: 'dialing', attempt: 1 }),
    close: closed,
  },
  refused: {
    opened: stay,
    welcomed: stay,
    lost: stay,
    refused,
    retry: () => ({ phase: 'dialing', attempt: 1 }),
    signedIn: () => ({ phase: 'dialing', attempt: 1 }),
    close: closed,
  },
  closed: { opened: stay, welcomed: stay, lost: stay, refused: stay, retry: stay, signedIn: stay, close: stay },
};

/** The state after the event; the same object where the event changes nothing. */
export function step(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  const row = table[state.phase] as Record<EventType, (state: ConnectionState, event: ConnectionEvent) => ConnectionState>;
  return row[event.type](state, event);
}
