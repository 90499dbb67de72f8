/** Who wants to know when what is outgoing has changed, channel by channel. */
export class OutgoingListeners {
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Calls `run` whenever it has changed. Returns what stops it. */
  add(channel: string, run: () => void): () => void {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(run));
    return () => {
      listeners.delete(run);
      if (listeners.size === 0 && this.#listeners.get(channel) === listeners) this.#listeners.delete(channel);
    };
  }

  tell(channel: string): void {
    for (const run of this.#listeners.get(channel) ?? []) run();
  }

  clear(): void {
    this.#listeners.clear();
  }
}
