import type { Env } from '@hubbub/protocol/env';
import type { InboxPush } from '@hubbub/protocol/frames';

/** Channels in one push. */
const pageChannels = 500;
/** A link's inbox speaks once in so long, whatever has moved meanwhile. */
const period = 1_000;

/** What an inbox needs of its link. */
export interface InboxLink {
  /** Whether something may be written now. */
  readonly open: boolean;
  /** It is over; nothing is written to it any more. */
  readonly ended: boolean;
  /** Writes a push if the link has room; says whether it did. */
  tell(push: InboxPush): boolean;
}

/** What an inbox shows: the channels that one user belongs to, as far as it is known. */
export interface Belongings {
  readonly channels: ReadonlySet<string>;
  /** Nothing is told before all of it has been read, or while it is read anew. */
  readonly known: boolean;
  /** In doubt: whether it is still his is being asked, and nothing of it is told meanwhile. */
  isDoubted(channel: string): boolean;
  /** Where a channel of his stands. */
  standing(channel: string): { readonly head: number; readonly n: number };
}

export interface InboxParts {
  readonly user: string;
  readonly env: Pick<Env, 'now' | 'timer'>;
  readonly link: InboxLink;
  readonly belongings: Belongings;
  epoch(): string;
  /** Whether the newest look is too old for anything to be written. */
  held(): boolean;
}

/** One link's inbox: what its user's channels stand at, told when they move. What has not been told is a name in a set, whatever happens meanwhile. */
export class Inbox {
  readonly #parts: InboxParts;
  readonly #dirty = new Set<string>();
  readonly #gone = new Set<string>();
  /** Left out of the last telling, because they were in doubt: their turn is as soon as they are not. */
  readonly #owed = new Set<string>();
  #begun = false;
  #whole = false;
  /** In the middle of telling: what is left goes as soon as the link has room. */
  #telling = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  get user(): string {
    return this.#parts.user;
  }

  /** The reply has been written: it may speak. */
  begin(): void {
    this.#begun = true;
    this.whole();
  }

  /** All of it is to be told, from the start: it has been read anew. */
  whole(): void {
    this.#dirty.clear();
    this.#gone.clear();
    this.#owed.clear();
    for (const channel of this.#parts.belongings.channels) this.#dirty.add(channel);
    this.#whole = true;
    this.#telling = true;
    this.pump();
  }

  /** The channel has moved, or has become his. */
  moved(channel: string): void {
    this.#gone.delete(channel);
    this.#dirty.add(channel);
  }

  /** It is his no more. */
  left(channel: string): void {
    this.#dirty.delete(channel);
    this.#owed.delete(channel);
    this.#gone.add(channel);
  }

  /** Tells what may be told now. */
  pump(): void {
    const { env, link, belongings, held } = this.#parts;
    if (!this.#begun || this.#closed || !belongings.known || held() || !this.#hasNews()) return;
    const wait = this.#toldAt + period - env.now();
    if (!this.#telling && wait > 0) {
      this.#cancel ??= env.timer(wait, () => {
        this.#cancel = undefined;
        this.pump();
      });
      this.#pay();
      return;
    }
    if (!this.#telling) this.#toldAt = env.now();
    this.#telling = true;
    this.#owed.clear();
    while (this.#hasNews()) {
      if (!link.open) return;
      link.tell(this.#page(this.#dirty, () => this.#hasNews()));
    }
    for (const channel of this.#dirty) this.#owed.add(channel);
    this.#telling = false;
    this.#toldAt = env.now();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #hasNews(): boolean {
    if (this.#whole || this.#gone.size > 0) return true;
    for (const channel of this.#dirty) if (!this.#parts.belongings.isDoubted(channel)) return true;
    return false;
  }

  /** Tells what was owed. It has not been told in this second either. */
  #pay(): void {
    const { link, belongings } = this.#parts;
    const due = [...this.#owed].filter((channel) => !belongings.isDoubted(channel));
    if (due.length === 0 || !link.open) return;
    const page = this.#page(due.slice(0, pageChannels), () => false);
    for (const { channel } of page.channels) this.#owed.delete(channel);
    link.tell(page);
  }

  #page(from: Iterable<string>, more: () => boolean): InboxPush {
    const { belongings, epoch } = this.#parts;
    const channels: InboxPush['channels'] = [];
    for (const channel of from) {
      if (channels.length >= pageChannels) break;
      if (belongings.isDoubted(channel)) continue;
      this.#dirty.delete(channel);
      channels.push({ channel, ...belongings.standing(channel) });
    }
    const gone = [...this.#gone].slice(0, pageChannels);
    for (const channel of gone) this.#gone.delete(channel);
    const whole = this.#whole;
    this.#whole = false;
    return {
      push: 'inbox',
      epoch: epoch(),
      channels,
      ...(gone.length > 0 && { gone }),
      ...(whole && { whole }),
      ...(more() && { more: true as const }),
    };
  }
}
