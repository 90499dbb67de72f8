import type { Env } from '@hubbub/protocol/env';
import type { InboxPush } from '@hubbub/protocol/frames';
import { backoff } from './backoff.ts';
import { HubbubError } from './error.ts';

/** Where a channel of mine stands: its newest offset, and how many of its events count as messages. */
export interface InboxEntry {
  readonly head: number;
  readonly n: number;
}

export interface Inbox {
  /** `opening`: not told yet, or not told again since the link was lost; what is shown meanwhile is what was. */
  readonly state: 'opening' | 'known';
  /** The history that the entries belong to. */
  readonly epoch: string;
  readonly channels: ReadonlyMap<string, InboxEntry>;
  /** Ends it; nothing is called afterwards. */
  close(): void;
}

export interface InboxOptions {
  /** Called after every change. */
  readonly onChange: (inbox: Inbox) => void;
}

export interface InboxParts {
  readonly env: Env;
  isOpen(): boolean;
  /** Asks the server for it, or tells it to stop; `taken` is called before the frame behind the reply is looked at. Rejects with a HubbubError. */
  ask(on: boolean, taken?: () => void): Promise<unknown>;
  closed(): void;
}

/** All channels of mine in one subscription, kept true over links. */
export class InboxView implements Inbox {
  readonly #options: InboxOptions;
  readonly #parts: InboxParts;
  #channels = new Map<string, InboxEntry>();
  #state: Inbox['state'] = 'opening';
  #epoch = '';
  #failures = 0;
  /** One try at a time; a new link makes an older one void. */
  #tries = 0;
  #cancel: () => void = () => {};
  /** The reply has come: what is pushed from here on is of this inbox, and not of one before it. */
  #answered = false;
  #closed = false;

  constructor(options: InboxOptions, parts: InboxParts) {
    this.#options = options;
    this.#parts = parts;
  }

  get state(): Inbox['state'] {
    return this.#state;
  }

  get epoch(): string {
    return this.#epoch;
  }

  get channels(): ReadonlyMap<string, InboxEntry> {
    return this.#channels;
  }

  /** A link stands: asks for all of it. */
  opened(): void {
    this.#failures = 0;
    void this.#ask();
  }

  lost(): void {
    this.#tries += 1;
    this.#answered = false;
    this.#cancel();
    if (this.#state === 'opening') return;
    this.#state = 'opening';
    this.#changed();
  }

  onPush({ epoch, channels, gone = [], whole, more }: InboxPush): void {
    if (this.#closed || !this.#answered) return;
    // A new map: whoever has the former one goes on seeing what was.
    const next = new Map(whole ? [] : this.#channels);
    for (const { channel, head, n } of channels) next.set(channel, { head, n });
    for (const channel of gone) next.delete(channel);
    this.#channels = next;
    this.#epoch = epoch;
    if (whole) this.#state = 'opening';
    if (!more) this.#state = 'known';
    this.#changed();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancel();
    this.#parts.closed();
    if (this.#parts.isOpen()) this.#parts.ask(false).catch(() => {});
  }

  async #ask(): Promise<void> {
    const mine = ++this.#tries;
    const current = (): boolean => mine === this.#tries && !this.#closed && this.#parts.isOpen();
    if (!current()) return;
    this.#answered = false;
    try {
      await this.#parts.ask(true, () => {
        this.#answered = true;
      });
    } catch (error) {
      if (!current()) return;
      this.#failures += 1;
      const { env } = this.#parts;
      const atLeast = error instanceof HubbubError ? (error.retryAfter ?? 0) : 0;
      this.#cancel = env.timer(backoff(this.#failures, env.random, atLeast), () => void this.#ask());
    }
  }

  #changed(): void {
    this.#options.onChange(this);
  }
}
