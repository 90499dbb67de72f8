import type { Code } from '@hubbub/protocol/codes';

/** Who stands behind a link. Nothing else about a person is known to core. */
export interface Who {
  readonly user: string;
  /** `import`: sends carry their own `ts` and any `from`. `admin`: may administer the node. */
  readonly rights: readonly Right[];
  /** From this moment of the node's clock on, nothing flows. */
  readonly expires?: number;
}

export type Right = 'import' | 'admin';

/** What a client shows at its `hello`: a token, or (a guest) the name it wants to be seen by. */
export type Credentials = { readonly token: string } | { readonly name: string };

export type Identified = { readonly who: Who /** What the guest shows from now on. */; readonly token?: string };

export type IdentityAnswer = Identified | { readonly refused: Extract<Code, 'unauthorized' | 'bad_name'>; readonly text: string };

/** Tells who shows these credentials. Throws only when it cannot tell now: the client is then told to come back. */
export interface Identity {
  identify(credentials: Credentials): Promise<IdentityAnswer>;
}
