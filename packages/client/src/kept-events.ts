import { isChannel } from '@hubbub/protocol/names';
import { read, type Written } from './draft.ts';
import type { Letter } from './letter.ts';
import type { KeptEvent, OutboxStore } from './outbox-store.ts';

/** What a former run of the program has left. */
export interface Left extends Written {
  readonly channel: string;
  readonly user: string | undefined;
}

/** What of the outbox outlives the program. Whatever goes wrong with its store, the outbox goes on. */
export class KeptEvents {
  readonly #store: OutboxStore;
  /** Let go of before the store has said what is there: it may say that they are. */
  #gone: Set<string> | undefined = new Set();

  constructor(store: OutboxStore) {
    this.#store = store;
  }

  /** Resolves when it is kept, or cannot be: that is no reason not to send it. */
  async keep(letter: Letter): Promise<void> {
    const { id, channel, text, user } = letter;
    letter.kept = false;
    await Promise.try(() => this.#store.put({ id, channel, text, ...(user !== undefined && { user }) })).catch(() => {});
    // One that was given to somebody meanwhile is kept when it is kept as his.
    if (letter.user === user) letter.kept = true;
  }

  remove(id: string): void {
    this.#gone?.add(id);
    Promise.try(() => this.#store.remove(id)).catch(() => {});
  }

  /** What is there, of all users, without what was let go of meanwhile. What cannot be read is forgotten. Never rejects. */
  async left(): Promise<readonly Left[]> {
    const kept: unknown = await Promise.try(() => this.#store.load()).catch(() => []);
    const gone = this.#gone;
    this.#gone = undefined;
    const events = Array.isArray(kept) ? (kept as readonly (Partial<KeptEvent> | null)[]) : [];
    return events.flatMap((event) => {
      const { id } = event ?? {};
      if (!event || id === undefined || gone?.has(id)) return [];
      const left = leftOf({ ...event, id });
      // Nobody could ever send it, nor see it to discard it.
      if (!left) this.remove(id);
      return left ?? [];
    });
  }
}

function leftOf({ id, channel = '', text = '', user }: Partial<KeptEvent> & { readonly id: string }): Left | undefined {
  const written = isChannel(channel) ? read({ id, text }) : undefined;
  return written && { ...written, channel, user: user ?? undefined };
}
