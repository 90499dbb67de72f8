import type { Env } from '@hubbub/protocol/env';
import type { Attendee, PresencePush, PresenceReply } from '@hubbub/protocol/frames';
import { backoff } from './backoff.ts';
import { HubbubError } from './error.ts';

/** Who is there, in one channel. */
export interface Presence {
  /** `opening`: not told yet, or not told again since the link was lost; what is shown meanwhile is what was. */
  readonly state: 'opening' | 'known';
  /** Sessions that are there. */
  readonly count: number;
  /** With how many sessions each is there, by name. */
  readonly users: ReadonlyMap<string, number>;
  /** `users` are all that are there; else some of a crowd. */
  readonly complete: boolean;
  /** Signals are taken in this channel, and come. */
  readonly signals: boolean;
}

export interface PresenceParts {
  readonly env: Env;
  /** The channel is subscribed to, over a link that stands. */
  isOpen(): boolean;
  /** Asks the server, from behind a name on; `taken` gets the reply before the next frame is looked at. Rejects with a HubbubError. */
  ask(after: string | undefined, taken: (reply: PresenceReply) => void): Promise<unknown>;
  changed(presence: Presence): void;
}

/** Who is there, kept true over links for as long as its channel is subscribed to. */
export class PresenceView implements Presence {
  readonly #parts: PresenceParts;
  #state: Presence['state'] = 'opening';
  #count = 0;
  #users: Map<string, number> = new Map();
  #complete = true;
  #signals = false;
  #failures = 0;
  /** One reading at a time; a newer one makes an older one void. */
  #readings = 0;
  /** The reply has come: what is pushed from here on belongs to this asking, and not to one before it. */
  #answered = false;
  #cancel: () => void = () => {};

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  get state(): Presence['state'] {
    return this.#state;
  }

  get count(): number {
    return this.#count;
  }

  get users(): ReadonlyMap<string, number> {
    return this.#users;
  }

  get complete(): boolean {
    return this.#complete;
  }

  get signals(): boolean {
    return this.#signals;
  }

  /** The channel has been subscribed to: asks who is there. */
  opened(): void {
    this.#failures = 0;
    this.#answered = false;
    void this.#read(undefined);
  }

  /** Nothing is called afterwards. */
  close(): void {
    this.#state = 'opening';
    this.lost();
  }

  /** It is not subscribed to at the moment, or no more. */
  lost(): void {
    this.#readings += 1;
    this.#answered = false;
    this.#cancel();
    if (this.#state === 'opening') return;
    this.#state = 'opening';
    this.#parts.changed(this);
  }

  onPush({ count, joined, left, whole, signals = false, crowd, next }: PresencePush): void {
    if (!this.#answered) return;
    this.#take(count, joined, left, whole === true);
    if (whole) {
      this.#signals = signals;
      this.#complete = !crowd;
      this.#readings += 1;
      this.#state = next === undefined ? 'known' : 'opening';
    }
    this.#parts.changed(this);
    if (whole && next !== undefined) void this.#read(next);
  }

  /** Reads page after page, from behind a name or from the start. What is pushed between them is newer than the ones before, and older than the ones after. */
  async #read(from: string | undefined): Promise<void> {
    this.#readings += 1;
    const mine = this.#readings;
    const current = (): boolean => mine === this.#readings && this.#parts.isOpen();
    let after = from;
    try {
      do {
        let next: string | undefined;
        await this.#parts.ask(after, (reply) => {
          if (!current()) return;
          this.#answered = true;
          this.#take(reply.count, reply.sample, [], after === undefined);
          this.#signals = reply.signals;
          this.#complete = !reply.crowd;
          next = reply.next;
          if (next === undefined) this.#state = 'known';
          this.#parts.changed(this);
        });
        if (!current()) return;
        after = next;
      } while (after !== undefined);
      this.#failures = 0;
    } catch (error) {
      if (!current() || !(error instanceof HubbubError) || !error.passing) return;
      this.#failures += 1;
      const { env } = this.#parts;
      this.#cancel = env.timer(backoff(this.#failures, env.random, error.retryAfter ?? 0), () => {
        if (current()) void this.#read(undefined);
      });
    }
  }

  #take(count: number, there: readonly Attendee[], left: readonly string[], anew: boolean): void {
    // A new map: whoever has the former one goes on seeing what was.
    const users = new Map(anew ? [] : this.#users);
    for (const { user, sessions } of there) users.set(user, sessions);
    for (const user of left) users.delete(user);
    this.#users = users;
    this.#count = count;
  }
}
