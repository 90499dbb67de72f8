/** What the bench and its processes of talkers say to each other. */
import type { Counts } from './histogram.ts';
import type { TalkSystem } from './talk-dialects.ts';

export interface Company {
  readonly system: TalkSystem;
  readonly rooms: readonly string[];
  /** How many they are, in all processes: so many times as many as there are rooms. */
  readonly all: number;
  readonly bodyBytes: number;
}

export type TalkerOrder =
  /** `count` come in, the first having the number `from`: each into a room, at one of the nodes. */
  | (Company & { readonly order: 'enter'; readonly ports: readonly number[]; readonly from: number; readonly count: number })
  /** Counts from 0 again: in all processes, before anybody in one of them speaks. */
  | { readonly order: 'start' }
  /** Each says something, one after the other, `turns` times, so many a second; answered when all is heard, or after `patience` ms. */
  | { readonly order: 'talk'; readonly turns: number; readonly rate: number; readonly patience: number }
  | { readonly order: 'report' };

export interface TalkerReport {
  /** Since the last `start`: what was said, and how often any of it was heard; from when it was due to when it was. */
  readonly said: number;
  readonly heard: number;
  /** How often a node asked to say it later. */
  readonly putOff: number;
  readonly waits: Counts;
  /** Talkers that have lost their link, or heard what does not follow, and how the first of them did. */
  readonly failed: number;
  readonly firstFailure: string;
  /** How late things were said, and how late the process's own event loop was meanwhile: milliseconds at the 99th percentile. */
  readonly lateP99: number;
  readonly loopLagP99: number;
}
