import { Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { Identifying } from './identifying.ts';
import { signInEnded } from './identifying.ts';
import type { Identified, Who } from './identity.ts';
import type { Mechanism } from './mechanisms.ts';

/** When it could not be told, it is asked again so much later, in milliseconds: nothing flows meanwhile. */
const askAgainAfter = 200;
/** A timer of a platform may hold no more than 2^31 ms: a far end is looked at on the way. */
const longestTimer = 3_600_000;

export interface SignInParts {
  readonly env: Env<Mechanism>;
  readonly identifying: Identifying;
}

export interface SignInSinks {
  /** He is let in no more: nothing flows from now on. */
  signedOut(text: string): void;
  /** He may be allowed other things than before. */
  rightsChanged(): void;
  /** He is who he was: what has waited may flow. */
  ready(): void;
}

/** How long somebody is who he said he is: asked anew when something concerns him, taken over by a newer token, over at its time. */
export class SignIn {
  readonly #parts: SignInParts;
  readonly #sinks: SignInSinks;
  #who: Who;
  #token: string | undefined;
  #cancel: () => void = () => {};
  #over = false;
  /** How often it has been asked about again; the last answer counts. */
  #asked = 0;
  #doubted = false;

  constructor(parts: SignInParts, { who, token }: Identified, sinks: SignInSinks) {
    this.#parts = parts;
    this.#sinks = sinks;
    this.#who = who;
    this.#token = token;
    this.#watch();
  }

  get who(): Who {
    return this.#who;
  }

  /** Whether its time is over, by the clock: a timer may be late. Says so to the link. */
  expired(): boolean {
    const { expires } = this.#who;
    if (expires === undefined || this.#parts.env.now() < expires) return false;
    this.#parts.env.count('sign_in_ended');
    this.#sinks.signedOut(signInEnded);
    return true;
  }

  /** Whether he may be given anything, or anything be taken from him: not behind his time, nor while it is being asked whether his token holds. */
  holds(): boolean {
    return !this.#over && !this.expired() && !this.#doubted;
  }

  /** Throws Refusal: `unavailable`, where it does not hold at the moment. */
  mustHold(): void {
    if (!this.holds()) throw new Refusal('unavailable', 'whether your token still holds is being asked', askAgainAfter);
  }

  /** Something concerns him: does his token still hold? */
  askAgain(): void {
    if (this.#token === undefined || this.#over) return;
    this.#doubted = true;
    this.#asked += 1;
    void this.#ask(this.#token, this.#asked);
  }

  async #ask(token: string, asked: number): Promise<void> {
    try {
      const { who } = await this.#parts.identifying.identify({ token });
      // Asked again meanwhile, or about a newer token.
      if (asked !== this.#asked) return;
      this.#take(who);
      this.#trust();
    } catch (error) {
      if (this.#over || asked !== this.#asked) return;
      if (error instanceof Refusal && error.code !== 'unavailable') {
        this.#parts.env.count('sign_in_refused');
        this.#sinks.signedOut(error.text);
      } else this.#parts.env.timer(askAgainAfter, () => asked === this.#asked && this.askAgain());
    }
  }

  /** Goes on with a newer token of the same user. Throws Refusal: `unauthorized`, also when it is somebody else's; `unavailable`. */
  async refresh(token: string): Promise<Who> {
    const { who } = await this.#parts.identifying.identify({ token });
    if (who.user !== this.#who.user) throw new Refusal('unauthorized', 'this is the token of somebody else');
    this.#token = token;
    this.#parts.env.count('sign_in_renewed');
    this.#take(who);
    // What is being asked about the former one says nothing of this one.
    if (this.#doubted) this.askAgain();
    return who;
  }

  /** The link is gone. */
  end(): void {
    this.#over = true;
    this.#cancel();
  }

  #trust(): void {
    if (!this.#doubted || this.#over) return;
    this.#doubted = false;
    this.#sinks.ready();
  }

  #take(who: Who): void {
    if (this.#over) return;
    if (who.user !== this.#who.user) return this.#sinks.signedOut("this token has become somebody else's");
    const differs = JSON.stringify([who.rights, who.grants]) !== JSON.stringify([this.#who.rights, this.#who.grants]);
    this.#who = who;
    this.#watch();
    if (differs) this.#sinks.rightsChanged();
  }

  #watch(): void {
    this.#cancel();
    const { expires } = this.#who;
    if (expires === undefined || this.#over) return;
    const left = expires - this.#parts.env.now();
    this.#cancel = this.#parts.env.timer(Math.max(0, Math.min(left, longestTimer)), () => {
      if (!this.expired()) this.#watch();
    });
  }
}
