import type { Link } from './line.ts';

/** Subscriptions asked for at once: an acknowledgement of too many breaks what servers allow a client to have waiting. */
const batch = 1_000;

interface Waiter {
  left: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The channels that the node wants to hear, whatever the connection does meanwhile. Only one call is under way at a time, and what it
 * brings about is compared with what is wanted then: so per channel the last call wins, and no answer has to be waited for in order.
 */
export class Wanted {
  readonly #wanted = new Set<string>();
  /** What the server has acknowledged on the present link. */
  readonly #standing = new Set<string>();
  /** What the server has to be told, the oldest first. */
  readonly #unsettled = new Set<string>();
  readonly #waiting = new Map<string, Waiter[]>();
  #link: Link | undefined;
  /** Of the present link: resolves when nothing is left to be told. */
  #settling: Promise<void> | undefined;
  readonly #onFailed: (error: unknown) => void;

  /** `onFailed`: the link did not take what it was told, and is of no use. */
  constructor(onFailed: (error: unknown) => void) {
    this.#onFailed = onFailed;
  }

  has(channel: string): boolean {
    return this.#wanted.has(channel);
  }

  /** Resolves when the server has acknowledged all of them, or somebody has changed his mind; rejects when the link is lost before that. */
  want(channels: readonly string[]): Promise<void> {
    for (const channel of channels) this.#wanted.add(channel);
    return this.#change(channels);
  }

  leave(channels: readonly string[]): Promise<void> {
    for (const channel of channels) this.#wanted.delete(channel);
    return this.#change(channels);
  }

  /** A new link stands: resolves when the server has acknowledged on it all that is wanted. */
  stand(link: Link): Promise<void> {
    this.#link = link;
    this.#settling = undefined;
    this.#standing.clear();
    for (const channel of this.#wanted) this.#unsettled.add(channel);
    return this.#settle(link);
  }

  /** The link is lost, or none came about: whoever waits for it is told so, and what is wanted stays wanted. */
  fall(reason: unknown): void {
    this.#link = undefined;
    this.#settling = undefined;
    this.#standing.clear();
    const waiters = new Set([...this.#waiting.values()].flat());
    this.#waiting.clear();
    for (const { reject } of waiters) reject(reason);
    for (const channel of this.#unsettled) if (!this.#wanted.has(channel)) this.#unsettled.delete(channel);
  }

  #change(channels: readonly string[]): Promise<void> {
    const link = this.#link;
    const open = [...new Set(channels)].filter((channel) => {
      // Without a link nothing stands, and what is not wanted needs no one to be told.
      const settled = this.#wanted.has(channel) === this.#standing.has(channel) && !this.#unsettled.has(channel);
      if (!settled) this.#unsettled.add(channel);
      return !settled;
    });
    if (open.length === 0) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { left: open.length, resolve, reject };
    for (const channel of open) {
      const waiters = this.#waiting.get(channel);
      if (waiters) waiters.push(waiter);
      else this.#waiting.set(channel, [waiter]);
    }
    if (link) this.#settle(link).catch(() => {});
    return promise;
  }

  #settle(link: Link): Promise<void> {
    this.#settling ??= this.#tell(link);
    return this.#settling;
  }

  async #tell(link: Link): Promise<void> {
    // All that is asked for in one turn is one call.
    await new Promise(setImmediate);
    while (this.#link === link && this.#unsettled.size > 0) {
      const some = [...this.#unsettled.values().take(batch)];
      const joining = some.filter((channel) => this.#wanted.has(channel) && !this.#standing.has(channel));
      const leaving = some.filter((channel) => !this.#wanted.has(channel) && this.#standing.has(channel));
      try {
        await Promise.all([
          ...(joining.length > 0 ? [link.subscribe(joining)] : []),
          ...(leaving.length > 0 ? [link.unsubscribe(leaving)] : []),
        ]);
      } catch (error) {
        if (this.#link === link) this.#onFailed(error);
        throw error;
      }
      if (this.#link !== link) return;
      for (const channel of joining) this.#standing.add(channel);
      for (const channel of leaving) this.#standing.delete(channel);
      for (const channel of some) if (this.#wanted.has(channel) === this.#standing.has(channel)) this.#settled(channel);
    }
    // In the same breath as the last look at what is left: whoever comes after it begins anew.
    if (this.#link === link) this.#settling = undefined;
  }

  #settled(channel: string): void {
    this.#unsettled.delete(channel);
    for (const waiter of this.#waiting.get(channel) ?? []) {
      waiter.left -= 1;
      if (waiter.left === 0) waiter.resolve();
    }
    this.#waiting.delete(channel);
  }
}
