/** What a run leaves behind: all that its clients have sent and been given, and what the log holds in the end. Times: one clock, milliseconds. */

/** One event, as it was sent, and what its sender was told. */
export interface Sending {
  readonly channel: string;
  readonly id: string;
  readonly sentAt: number;
  ack?: { readonly epoch: string; readonly offset: number; readonly at: number };
  /** The code with which it was refused for good. */
  refused?: string;
}

/** An event that a client was given. */
export type Given = readonly [offset: number, id: string];

/** What happened to one subscription, in order. */
export type Step =
  | { readonly what: 'events'; readonly at: number; readonly epoch: string; readonly events: readonly Given[] }
  /** The log is another one: it starts again behind that offset, and reads the older pages anew. */
  | { readonly what: 'reset'; readonly at: number; readonly reason: string; readonly epoch: string; readonly offset: number }
  | { readonly what: 'page'; readonly at: number; readonly epoch: string; readonly events: readonly Given[] };

/** One client's part. */
export interface Account {
  readonly name: string;
  /** Who it is to the server. */
  readonly user: string;
  readonly sendings: readonly Sending[];
  /** By channel: those it is entitled to, from the first event on. */
  readonly steps: Readonly<Record<string, readonly Step[]>>;
  /** How often the SDK saw a hole and asked anew. */
  readonly holes: number;
  /** Events whose body was not the one that was sent under their id. */
  readonly garbled: number;
  /** Subscriptions that ended, sign-ins that were refused. */
  readonly troubles: readonly string[];
}

export interface Logged {
  readonly offset: number;
  readonly id: string;
  readonly from: string;
}

/** The log as a fresh client reads it from the start when all is quiet. */
export interface Log {
  readonly epoch: string;
  readonly channels: Readonly<Record<string, readonly Logged[]>>;
}

/** An older copy took the log's place: what was acknowledged between the two may be gone, and a new epoch says so. */
export interface Cut {
  readonly copiedAt: number;
  readonly putBackAt: number;
}

export interface History {
  readonly accounts: readonly Account[];
  readonly log: Log;
  readonly cuts: readonly Cut[];
}

/** The one clock of a run: of the machine, the same in every thread. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
