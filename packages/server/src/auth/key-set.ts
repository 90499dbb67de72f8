import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** They cannot be told now: the token is not to blame. */
export class KeysUnreachable extends Error {}

/** In milliseconds: what was fetched is fetched again in passing after so long, waited for after so long, and believed no more after so long. */
const fresh = 60_000;
const old = 300_000;
const tooOld = 3_600_000;
/** Not sooner after a try, whatever came of it: else strangers could make us ask the service for each of their tokens. */
const pause = 1_000;
/** The same where the service is away, and there are keys to go on with. */
const pauseWhenAway = 10_000;
const patience = 1_500;

export interface KeySetParts {
  readonly url: URL;
  /** Milliseconds. */
  readonly now: () => number;
}

/**
 * The public keys of a login service, by name (RFC 7517). A token that names one that is not among them makes it look again. While the
 * service is away what was fetched goes on for an hour; a key that it has taken out is trusted for a minute while tokens come, for five at
 * most.
 */
export class KeySet {
  readonly #url: URL;
  readonly #now: () => number;
  #keys: JWTVerifyGetKey | undefined;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #failed = false;
  #fetching: Promise<boolean> | undefined;

  constructor({ url, now }: KeySetParts) {
    this.#url = url;
    this.#now = now;
  }

  /** The key that a token was signed with. Throws KeysUnreachable; jose's error where there is none of that name. */
  readonly get: JWTVerifyGetKey = async (header, token) => {
    const age = this.#now() - this.#fetchedAt;
    if (age > old) await this.#refresh();
    else if (age > fresh) void this.#refresh();
    try {
      return await this.#current()(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (!(await this.#refresh())) throw this.#failed ? new KeysUnreachable('the keys cannot be fetched at the moment') : error;
      return this.#current()(header, token);
    }
  };

  #current(): JWTVerifyGetKey {
    if (!this.#keys || this.#now() - this.#fetchedAt > tooOld) throw new KeysUnreachable('the keys cannot be fetched');
    return this.#keys;
  }

  /** Says whether there is a newer set now. */
  #refresh(): Promise<boolean> {
    if (this.#fetching !== undefined) return this.#fetching;
    const rest = this.#failed && this.#keys ? pauseWhenAway : pause;
    if (this.#now() - this.#triedAt < rest) return Promise.resolve(false);
    this.#triedAt = this.#now();
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<boolean> {
    try {
      const answer = await fetch(this.#url, {
        signal: AbortSignal.timeout(patience),
        redirect: 'error',
        headers: { accept: 'application/json' },
      });
      if (!answer.ok) throw new Error(`${answer.status}`);
      this.#keys = createLocalJWKSet((await answer.json()) as JSONWebKeySet);
      this.#fetchedAt = this.#now();
      this.#failed = false;
    } catch {
      this.#failed = true;
    }
    return !this.#failed;
  }
}
