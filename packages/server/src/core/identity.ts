import type { Code } from '@hubbub/protocol/codes';

/** Who stands behind a link. Nothing else about a person is known to core. */
export interface Who {
  readonly user: string;
  /** `import`: sends carry their own `ts` and any `from`. `as`: sends carry any `from`. `admin`: may administer the node. */
  readonly rights: readonly Right[];
  /** From this moment of the node's clock on, nothing flows. */
  readonly expires?: number;
  /** What his token lets him do besides; the authority reads it, core does not. */
  readonly grants?: readonly ChannelGrant[];
}

/** What somebody may do in a channel, or in all whose names begin so: `board:sketch`, `board:*`. */
export interface ChannelGrant {
  readonly channel: string;
  readonly may: readonly ('read' | 'send')[];
}

export type Right = 'import' | 'as' | 'admin';

/** What a client shows at its `hello`: a token, or (a guest) the name it wants to be seen by. */
export type Credentials = { readonly token: string } | { readonly name: string };

export type Identified = { readonly who: Who /** What the guest shows from now on. */; readonly token?: string };

/** `unavailable`: of this one alone it cannot be told now. */
export type IdentityAnswer =
  | Identified
  | { readonly refused: Extract<Code, 'unauthorized' | 'bad_name' | 'unavailable'>; readonly text: string };

/**
 * Tells who shows each of these credentials; answers in order. Core gathers what one turn asks into one call: thousands of clients that
 * come back at once cost it a few. One that it cannot trust, or cannot tell of now, is refused alone. Throws only when it cannot tell now: all are then told to
 * come back.
 */
export interface Identity {
  identify(shown: readonly Credentials[]): Promise<readonly IdentityAnswer[]>;
}
