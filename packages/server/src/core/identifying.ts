import { Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import { within } from './deadline.ts';
import { Gather } from './gather.ts';
import type { Credentials, Identified, Identity, IdentityAnswer } from './identity.ts';
import { authorityPatience } from './rights.ts';

/** When to come back, in milliseconds, where it cannot be told. */
const later = 500;

/** Asks who somebody is: the questions of a turn at once, never for ever. */
export class Identifying {
  readonly #env: Env;
  readonly #gather: Gather<Credentials, IdentityAnswer>;

  constructor(env: Env, identity: Identity) {
    this.#env = env;
    this.#gather = new Gather(env, 1_000, (shown) => identity.identify(shown));
  }

  /** Throws Refusal: why he is not let in, or `unavailable`. */
  async identify(credentials: Credentials): Promise<Identified> {
    const answer = await within(this.#env, authorityPatience, this.#gather.ask(credentials)).catch(() => undefined);
    if (!answer) throw new Refusal('unavailable', 'who you are cannot be told at the moment', later);
    if ('refused' in answer) throw new Refusal(answer.refused, answer.text, answer.refused === 'unavailable' ? later : undefined);
    const { expires } = answer.who;
    if (expires !== undefined && this.#env.now() >= expires) throw new Refusal('unauthorized', signInEnded);
    return answer;
  }
}

export const signInEnded = 'your sign-in has ended';
