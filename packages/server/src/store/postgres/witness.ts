import type { Heads, Item, Outcome } from '../store.ts';

/** So many channels at most, those that were written to last. */
const most = 64;

/**
 * Where the newest events stand that a handle has acknowledged. The mark alone does not tell that they are gone: it is the highest number of
 * a transaction, and these are not committed in the order of their numbers, so a copy of the disk may have the highest and lack another one.
 */
export class Witness {
  readonly #offsets = new Map<string, number>();

  acknowledged(items: readonly Item[], outcomes: readonly Outcome[]): void {
    outcomes.forEach((outcome, at) => {
      const channel = items[at]?.channel;
      if (outcome.status !== 'committed' || channel === undefined) return;
      this.#offsets.delete(channel);
      this.#offsets.set(channel, outcome.offset);
    });
    for (const channel of this.#offsets.keys()) {
      if (this.#offsets.size <= most) break;
      this.#offsets.delete(channel);
    }
  }

  get channels(): readonly string[] {
    return [...this.#offsets.keys()];
  }

  /** What a history lacks whose `channels` stand there, in words. */
  missing(channels: readonly string[], { heads }: Heads): string | undefined {
    for (const [at, channel] of channels.entries()) {
      const [offset = 0, head = 0] = [this.#offsets.get(channel), heads[at]?.head];
      if (head < offset) return `${channel} ends at ${head}, ${offset} was acknowledged`;
    }
    return undefined;
  }

  /** Another history begins: what it has is known to whoever began it. */
  forget(): void {
    this.#offsets.clear();
  }
}
