import { uuidv7 } from '@hubbub/protocol/id';
import { useMemo, useSyncExternalStore } from 'react';
import type { Client, Draft, Event, HistoryPage, Outgoing, Presence, Signal, Subscription, SubscriptionState } from '../client.ts';
import { HubbubError } from '../error.ts';
import { platformEnv } from '../platform/env.ts';

/** What is made of a channel's events. One object for the whole life of the program: a new one opens the channel anew. */
export interface ChannelOptions<Item> {
  /** So many of the newest items are held; what is older is let go at once, however fast events come. */
  readonly keep: number;
  /** Opens with the newest page, and begins there again when more than so many events are missing after a break. Left out: opens with all there is. */
  readonly maxGap?: number;
  /** Makes an item of an event; `before` is what stands above it. Called once for each event, in the order of the log. */
  readonly item: (event: Event, before: Item | undefined) => Item;
  /** Asks who is there, too. */
  readonly presence?: true;
}

/** An event of ours that is not among the items: on its way, refused, or (`stored`) acknowledged and not read back yet. */
export type OwnEvent = Outgoing | (Omit<Outgoing, 'state' | 'error'> & { readonly state: 'stored' });

export interface ChannelSnapshot<Item> {
  /** Oldest first. */
  readonly items: readonly Item[];
  /** Rises when the items begin anew instead of going on. */
  readonly generation: number;
  readonly state: SubscriptionState;
  /** Never holds what is among the items: both are taken in the same moment. */
  readonly own: readonly OwnEvent[];
  /** Who is there, as it was last told; undefined where nobody has asked, or nothing was told yet. */
  readonly presence: Presence | undefined;
}

export interface Channel<Item> extends ChannelSnapshot<Item> {
  /** Sends; what becomes of it is told by `own`. */
  readonly send: (draft: Draft) => void;
  readonly retry: (id: string) => void;
  readonly discard: (id: string) => void;
  /** What the log has before an offset or after one, of the history that is shown. Rejects when that is another one by now, or with the signal's reason. */
  readonly page: (side: 'before' | 'after', offset: number, signal: AbortSignal) => Promise<HistoryPage>;
  /** Gives a signal; see `Client.signal`. */
  readonly signal: (kind: string, body: unknown) => void;
  /** Calls `run` for every signal that comes, at once. Returns what stops it. */
  readonly onSignal: (run: (signal: Signal) => void) => () => void;
}

/** Reads a channel for as long as the component is there. Renders at most once per animation frame. */
export function useChannel<Item>(client: Client, channel: string, options: ChannelOptions<Item>): Channel<Item> {
  const view = useMemo(() => new ChannelView(client, channel, options), [client, channel, options]);
  const snapshot = useSyncExternalStore(view.subscribe, view.snapshot);
  return useMemo(() => ({ ...snapshot, ...view.actions }), [snapshot, view]);
}

/** A channel as a screen shows it: collects what comes, and tells of it once per frame. It is open while somebody listens. */
class ChannelView<Item> {
  readonly actions: Omit<Channel<Item>, keyof ChannelSnapshot<Item>>;
  readonly #client: Client;
  readonly #channel: string;
  readonly #options: ChannelOptions<Item>;
  readonly #listeners = new Set<() => void>();
  readonly #signalListeners = new Set<(signal: Signal) => void>();
  #subscription: Subscription | undefined;
  #stopOutgoing: () => void = () => {};
  #frame: number | undefined;
  #items: Item[] = [];
  #generation = 0;
  /** The items no longer hold, but stay until the first of the new ones is there: no empty frame in between. */
  #outdated = false;
  /** Ids of ours that are among the items while the outbox still has them. */
  readonly #arrived = new Set<string>();
  readonly #stored = new Map<string, OwnEvent>();
  #snapshot: ChannelSnapshot<Item>;

  constructor(client: Client, channel: string, options: ChannelOptions<Item>) {
    this.#client = client;
    this.#channel = channel;
    this.#options = options;
    this.actions = {
      send: (draft) => void this.#send(draft),
      retry: (id) => client.retry(id),
      discard: (id) => client.discard(id),
      page: (side, offset, signal) => this.#page(side, offset, signal),
      signal: (kind, body) => client.signal(channel, kind, body),
      onSignal: (run) => this.#onSignal(run),
    };
    this.#snapshot = { items: [], generation: 0, state: { state: 'opening' }, own: client.outgoing(channel), presence: undefined };
  }

  readonly snapshot = (): ChannelSnapshot<Item> => this.#snapshot;

  readonly subscribe = (run: () => void): (() => void) => {
    if (this.#listeners.size === 0) this.#open();
    // Whoever listens twice with one function is two listeners.
    const listener = (): void => run();
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  };

  #open(): void {
    this.#outdated = true;
    const { maxGap, presence } = this.#options;
    this.#subscription = this.#client.subscribe(this.#channel, {
      position: '0',
      ...(maxGap !== undefined && { maxGap }),
      onEvents: (events) => this.#onEvents(events),
      onReset: (reason) => {
        // After a trim the items still hold; there is a gap behind the last.
        if (reason !== 'trimmed') this.#outdated = true;
      },
      onState: ({ state }) => {
        if (state === 'live') this.#dropOutdated();
        this.#change();
      },
      onSignal: (signal) => {
        for (const run of [...this.#signalListeners]) run(signal);
      },
      ...(presence && { onPresence: () => this.#change() }),
    });
    this.#stopOutgoing = this.#client.onOutgoing(this.#channel, () => this.#change());
    this.#change();
  }

  #close(): void {
    this.#stopOutgoing();
    this.#subscription?.close();
    this.#subscription = undefined;
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }

  #onEvents(events: readonly Event[]): void {
    this.#dropOutdated();
    const { keep, item } = this.#options;
    for (const event of events) {
      this.#items.push(item(event, this.#items.at(-1)));
      if (event.from !== this.#client.user) continue;
      this.#stored.delete(event.id);
      this.#arrived.add(event.id);
    }
    // Not in the frame: a hidden page has no frames, and events come all the same.
    if (this.#items.length > keep) this.#items.splice(0, this.#items.length - keep);
    this.#change();
  }

  #dropOutdated(): void {
    if (!this.#outdated) return;
    this.#outdated = false;
    this.#items = [];
    this.#generation += 1;
    this.#stored.clear();
  }

  #onSignal(run: (signal: Signal) => void): () => void {
    const listener = (signal: Signal): void => run(signal);
    this.#signalListeners.add(listener);
    return () => this.#signalListeners.delete(listener);
  }

  #page(side: 'before' | 'after', offset: number, signal: AbortSignal): Promise<HistoryPage> {
    const epoch = this.#subscription?.position?.split('~')[1];
    if (epoch === undefined) return Promise.reject(new HubbubError('unavailable', 'the channel is not open'));
    return this.#client.history(this.#channel, { [side]: { offset, epoch }, signal });
  }

  async #send(draft: Draft): Promise<void> {
    const id = draft.id ?? uuidv7(platformEnv());
    const { kind, body } = draft;
    try {
      await this.#client.send(this.#channel, { ...draft, id });
      // Its event and its acknowledgement come in either order; between them it must not vanish.
      if (!this.#arrived.has(id)) this.#stored.set(id, { id, channel: this.#channel, kind, body, state: 'stored' });
      this.#change();
    } catch {
      // The list of what is outgoing says so.
    }
  }

  #change(): void {
    if (this.#listeners.size === 0 && !this.#subscription) return;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#snapshot = {
        items: this.#items.slice(),
        generation: this.#generation,
        state: this.#subscription?.state ?? { state: 'opening' },
        own: this.#own(),
        presence: this.#presence(),
      };
      for (const run of [...this.#listeners]) run();
    });
  }

  /** A copy: the client's own goes on changing. After a remount it is what was told before, until it is told anew. */
  #presence(): Presence | undefined {
    const { presence } = this.#subscription ?? {};
    if (!presence) return undefined;
    const { state, count, users, complete, signals } = presence;
    const before = this.#snapshot.presence;
    if (state === 'opening' && users.size === 0) return before && { ...before, state };
    if (before?.users === users && before.state === state && before.count === count && before.signals === signals) return before;
    return { state, count, users, complete, signals };
  }

  #own(): readonly OwnEvent[] {
    const outgoing = this.#client.outgoing(this.#channel);
    const ids = new Set(outgoing.map(({ id }) => id));
    for (const id of this.#arrived) if (!ids.has(id)) this.#arrived.delete(id);
    return [...this.#stored.values(), ...outgoing.filter(({ id }) => !this.#arrived.has(id))];
  }
}
