import type { ChannelGrant, Credentials, IdentityAnswer } from '../core/identity.ts';

/** What credentials say for themselves, before anybody has looked whether they still hold. */
export interface Verified {
  readonly user: string;
  /** By the calendar, in milliseconds. */
  readonly issuedAt?: number;
  readonly expiresAt?: number;
  readonly grants?: readonly ChannelGrant[];
  /** What a guest shows from now on. */
  readonly token?: string;
}

export type Refused = Extract<IdentityAnswer, { readonly refused: unknown }>;

/** Reads credentials of one sort. Throws only when it cannot tell now. */
export interface Verifier {
  verify(shown: Credentials): Promise<Verified | Refused>;
}

/** Whatever is wrong with a token: to a stranger one answer. */
export const notOurs: Refused = { refused: 'unauthorized', text: 'this token is not one of ours' };
