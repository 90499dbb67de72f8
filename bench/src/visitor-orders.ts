/** What the bench and its processes of visitors say to each other. */
import type { Counts } from './histogram.ts';
import type { RoomSystem } from './room-dialects.ts';

export type VisitorOrder =
  /** `count` more come in, the first of them having the number `from`: it reads `roomsEach` of the rooms, the next one the next ones. */
  | {
      readonly order: 'enter';
      readonly system: RoomSystem;
      readonly port: number;
      readonly from: number;
      readonly count: number;
      readonly rooms: readonly string[];
      readonly roomsEach: number;
    }
  /** All links break at once. */
  | { readonly order: 'cut' }
  /** All come back, evenly over `overMs`, to rooms that have `missed` events more; answered when each has them, or after `patience` ms. */
  | { readonly order: 'return'; readonly port: number; readonly overMs: number; readonly missed: number; readonly patience: number }
  | { readonly order: 'report' };

export interface VisitorReport {
  /** Of those that were to come back: how many have all that they missed. */
  readonly caughtUp: number;
  /** From when each was to come back to when it had everything. */
  readonly waits: Counts;
  /** Links that were dialled for that, those that were put off included. */
  readonly tries: number;
  /** Events, all visitors together, since they were cut off. */
  readonly delivered: number;
  /** Visitors that were refused or lost their link, and how the first of them did. */
  readonly failed: number;
  readonly firstFailure: string;
  /** How late the returns were begun, and how late the process's own event loop was meanwhile: milliseconds at the 99th percentile. */
  readonly lateP99: number;
  readonly loopLagP99: number;
}
