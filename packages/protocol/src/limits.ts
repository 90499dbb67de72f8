/** Every bound that a client can run into. The reply to `hello` carries them, so that no client has to guess. Sizes are bytes of UTF-8, times milliseconds. */
export const limits = {
  /** One frame from a client. */
  frameBytes: 256 * 1024,
  /** One event's body, as the server writes it. */
  bodyBytes: 16 * 1024,
  /** Nesting of a body: `1` is depth 0, `[1]` depth 1. */
  bodyDepth: 16,
  /** Events of one `send`. */
  sendEvents: 64,
  /** Subscriptions of one link, and channels named by one command. */
  subscriptions: 5_000,
  channelsPerCommand: 500,
  /** Commands of one link that wait for their reply. */
  commandsInFlight: 64,
  /** Events and facts of one page that is asked for. */
  historyEvents: 128,
  factsPage: 1_000,
  /** A signal's body, and how many a session may give in a second, and at once after quiet. */
  signalBytes: 1_024,
  signalsPerSecond: 10,
  signalBurst: 20,
  /** Users in one answer about presence; and up to how many sessions who is there is told by name, and signals are taken. */
  presencePage: 100,
  presenceSessions: 1_000,
  /** What one event may carry besides its body. */
  facts: 32,
  requires: 16,
  concerns: 100,
  empties: 100,
  factKeyBytes: 256,
  factValueBytes: 4 * 1024,
  /** Commands that a session may give in a second, and at once after quiet. */
  commandsPerSecond: 200,
  commandBurst: 1_000,
  /** Requests, and new links, of one address in a second, and at once after quiet. This machine's own programs are not counted. */
  requestsPerSecond: 100,
  requestBurst: 500,
  /** Fragments of one WebSocket message. */
  fragments: 16,
  /** From the link's opening to its `hello`. */
  helloMs: 10_000,
  /** How often each side is heard when it has nothing to say. */
  heartbeatMs: 10_000,
} as const;

export type Limits = { readonly [Name in keyof typeof limits]: number };
