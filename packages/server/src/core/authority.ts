import type { Code } from '@hubbub/protocol/codes';
import type { FactWrite, Requirement } from '../store/store.ts';
import type { Who } from './identity.ts';

export type { Who } from './identity.ts';

/**
 * The authority decides who reads what and what a send means. It knows rooms, members and roles; core does not. Every command of every
 * transport asks it; nothing else decides.
 *
 * It answers from what is committed. What it read to say yes, it names in `requires`: if that has changed before the commit, the store
 * rejects the item and the authority is asked again. Unknown and forbidden are answered alike. It throws when it cannot tell: nothing
 * flows then, and it is asked again.
 */
export interface Authority {
  /** Whether each may read each channel; answers in order. Core gathers the questions of one turn into one call. */
  mayRead(questions: readonly Question[]): Promise<readonly ReadVerdict[]>;
  /** The key of the facts that say which channels are somebody's own, over all channels: `member:alice`. */
  mine(who: Who): string;
  /** The key of the facts that say which channels are told to everybody who looks around: `public`. */
  readonly listed: string;
  /** The only place where a send becomes an item. */
  admit(who: Who, channel: string, proposal: Proposal): Promise<Verdict>;
}

export interface Question {
  readonly who: Who;
  readonly channel: string;
}

export type ReadVerdict = 'ok' | Extract<Code, 'forbidden' | 'bad_channel'>;

/** A send as the client wrote it, checked for form. */
export interface Proposal {
  readonly id: string;
  readonly kind: string;
  readonly body: unknown;
  /** Only from a client with the `import` right, or, without `ts`, the `as` right. */
  readonly as?: { readonly from: string; readonly ts?: number };
  /** What the former answer required was not so. An answer may be given without a look at the store first; this time, look. */
  readonly again?: true;
}

export type Verdict = ({ readonly ok: true } & Grant) | { readonly ok: false; readonly code: Code; readonly text: string };

/** What a send does besides adding its event. */
export interface Grant {
  readonly counts: boolean;
  readonly facts?: readonly FactWrite[];
  readonly requires?: readonly Requirement[];
  readonly empties?: readonly number[];
  readonly concerns?: readonly string[];
}
