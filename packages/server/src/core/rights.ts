import type { Env } from '@hubbub/protocol/env';
import type { Authority, Question, ReadVerdict } from './authority.ts';
import { within } from './deadline.ts';
import { Gather } from './gather.ts';
import type { Who } from './identity.ts';

/** How long the authority may take; then nothing flows, and it is asked again. */
export const authorityPatience = 2_000;

/** Asks the authority who may read what: the questions of a turn at once, never for ever. */
export class Rights {
  readonly #env: Env;
  readonly #gather: Gather<Question, ReadVerdict>;

  constructor(env: Env, authority: Authority) {
    this.#env = env;
    this.#gather = new Gather(env, 1_000, (questions) => authority.mayRead(questions));
  }

  /** Throws when there is no answer. */
  mayRead(who: Who, channel: string): Promise<ReadVerdict> {
    return within(this.#env, authorityPatience, this.#gather.ask({ who, channel }));
  }
}
