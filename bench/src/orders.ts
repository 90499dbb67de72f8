/** What the bench and its process of clients say to each other. */
import type { System } from './dialects.ts';
import type { Counts } from './histogram.ts';

export type Order =
  | { readonly order: 'open'; readonly system: System; readonly port: number; readonly count: number }
  /** Counts from 0 again; one message in `stride` tells its latency. */
  | { readonly order: 'start'; readonly stride: number }
  /** Answered when so many events have been delivered to each, or to each that was never stalled; or after `patience` ms. */
  | { readonly order: 'until'; readonly events: number; readonly whom: 'all' | 'readers'; readonly patience: number }
  /** The first `count` clients read no more, but say every `pingMs` that they are there. */
  | { readonly order: 'stall'; readonly count: number; readonly pingMs: number }
  /** They read again. */
  | { readonly order: 'resume' }
  | { readonly order: 'report' };

/** What the clients have got since the last `start`; gaps and closed links since `open`. */
export interface Report {
  readonly delivered: number;
  readonly latency: Counts;
  readonly gaps: number;
  readonly closed: number;
  readonly firstClose: string;
  /** The number of the last event that every client has. */
  readonly cursor: number;
  /** The same of the clients that were never stalled. */
  readonly cursorOfReaders: number;
  /** How late the clients' own event loop was, in milliseconds. */
  readonly loopLagP99: number;
}
