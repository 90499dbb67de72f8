import type { Env } from '@hubbub/protocol/env';
import type { HelloReply, RefreshReply } from '@hubbub/protocol/frames';
import type { Credentials } from './api.ts';
import { backoff } from './backoff.ts';
import { HubbubError } from './error.ts';

/** A newer token is asked for when so much of the present one's time is over. */
const usedUp = 0.8;
/** A timer of a platform may hold no more than 2^31 ms. */
const longestTimer = 86_400_000;

export interface TokenKeeperParts {
  readonly env: Env;
  /** There is something to show: the first link may be dialled. */
  start(): void;
  /** There is something new to show: greet anew. */
  signIn(): void;
  /** Shows a newer token on the link that stands; rejects with a HubbubError. */
  refresh(token: string): Promise<RefreshReply>;
}

/** What is shown at sign-in. Where the program gives a way to get tokens, a newer one is shown before the present one ends, on the same link. */
export class TokenKeeper {
  readonly #parts: TokenKeeperParts;
  #credentials: Credentials;
  #token: string | undefined;
  /** Getting a token, in a row without success or without use. */
  #failures = 0;
  #started = false;
  #cancel: () => void = () => {};
  /** Of several ways that were given, the last one counts. */
  #asked = 0;

  constructor(parts: TokenKeeperParts, credentials: Credentials) {
    this.#parts = parts;
    this.#credentials = credentials;
  }

  /** Before the program has given a token, an empty one: it is not shown to anybody. */
  get shown(): { readonly token: string } | { readonly name: string } {
    if (this.#token !== undefined) return { token: this.#token };
    const { token, name } = this.#credentials as { token?: unknown; name?: string };
    if (name !== undefined) return { name };
    return { token: typeof token === 'string' ? token : '' };
  }

  begin(): void {
    if (this.#source) this.#get(() => this.#show());
    else this.#show();
  }

  /** Other credentials from now on. */
  replace(credentials: Credentials): void {
    this.#forget();
    this.#credentials = credentials;
    this.begin();
  }

  /** The server has let us in; a guest is given a token. */
  welcomed({ token, expiresIn }: Pick<HelloReply, 'token' | 'expiresIn'>): void {
    if (token !== undefined) this.#token = token;
    this.#failures = 0;
    this.#lasts(expiresIn);
  }

  /** The server does not take what we have shown. Where there is a way to another token, that is shown. */
  refused(code: string): void {
    this.#cancel();
    if (code !== 'unauthorized' || !this.#source) return;
    // One that is being got to be shown on the link that has ended is of no use, and nor is what goes wrong with it.
    this.#asked += 1;
    this.#later(() => this.#get(() => this.#show()));
  }

  close(): void {
    this.#forget();
  }

  get #source(): (() => Promise<string>) | undefined {
    return 'token' in this.#credentials && typeof this.#credentials.token === 'function' ? this.#credentials.token : undefined;
  }

  /** The first time there is no link yet that could be greeted on anew. */
  #show(): void {
    if (this.#started) this.#parts.signIn();
    else this.#parts.start();
    this.#started = true;
  }

  #forget(): void {
    this.#cancel();
    this.#asked += 1;
    this.#failures = 0;
    this.#token = undefined;
  }

  #lasts(expiresIn: number | undefined): void {
    this.#cancel();
    if (expiresIn === undefined || !this.#source) return;
    this.#waitUntil(this.#parts.env.now() + expiresIn * usedUp);
  }

  /** Waits in pieces that a timer can hold: what is left is asked of the clock each time. */
  #waitUntil(due: number): void {
    const { env } = this.#parts;
    const left = due - env.now();
    if (left <= 0) return this.#get(() => void this.#renew());
    this.#cancel = env.timer(Math.min(left, longestTimer), () => this.#waitUntil(due));
  }

  async #renew(): Promise<void> {
    const asked = this.#asked;
    try {
      const { expiresIn } = await this.#parts.refresh(this.#token ?? '');
      if (asked !== this.#asked) return;
      this.#failures = 0;
      this.#lasts(expiresIn);
    } catch (error) {
      // A link that was lost shows the new one when it stands again; a refusal comes as the end of the link.
      if (asked === this.#asked && error instanceof HubbubError && error.passing && error.code !== 'link_lost') {
        this.#later(() => void this.#renew());
      }
    }
  }

  /** Gets a token from the program, for ever if need be: what goes wrong there may be its login service's trouble. */
  #get(then: () => void): void {
    const source = this.#source;
    if (!source) return;
    this.#asked += 1;
    const asked = this.#asked;
    Promise.try(source).then(
      (token) => {
        if (asked !== this.#asked) return;
        this.#token = token;
        then();
      },
      () => {
        if (asked === this.#asked) this.#later(() => this.#get(then));
      },
    );
  }

  #later(run: () => void): void {
    this.#failures += 1;
    this.#cancel();
    this.#cancel = this.#parts.env.timer(backoff(this.#failures, this.#parts.env.random, 0), run);
  }
}
