import { useSyncExternalStore } from 'react';
import type { Client, Inbox } from '../client.ts';

export interface InboxSnapshot extends Pick<Inbox, 'state' | 'epoch' | 'channels'> {
  /** It has been told once: what is not among the channels was none of mine then. */
  readonly told: boolean;
}

/** Where all the channels stand that are mine. Any number of components may ask: a client has one inbox, and they share it. */
export function useInbox(client: Client): InboxSnapshot {
  let view = views.get(client);
  if (!view) {
    view = new InboxHook(client);
    views.set(client, view);
  }
  return useSyncExternalStore(view.subscribe, view.snapshot);
}

/** Open while somebody listens. Between two listeners it goes on showing what was told last. */
class InboxHook {
  readonly #client: Client;
  readonly #listeners = new Set<() => void>();
  #inbox: Inbox | undefined;
  #snapshot: InboxSnapshot = { state: 'opening', epoch: '', channels: new Map(), told: false };

  constructor(client: Client) {
    this.#client = client;
  }

  readonly snapshot = (): InboxSnapshot => this.#snapshot;

  readonly subscribe = (run: () => void): (() => void) => {
    const listener = (): void => run();
    this.#listeners.add(listener);
    this.#inbox ??= this.#client.inbox({ onChange: (inbox) => this.#changed(inbox) });
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#inbox?.close();
      this.#inbox = undefined;
      this.#snapshot = { ...this.#snapshot, state: 'opening' };
    };
  };

  #changed({ state, epoch, channels }: Inbox): void {
    // Half of it is not it: while it is told anew, what was told before is shown.
    const whole = state === 'known';
    this.#snapshot = whole ? { state, epoch, channels, told: true } : { ...this.#snapshot, state };
    for (const run of [...this.#listeners]) run();
  }
}

const views = new WeakMap<Client, InboxHook>();
