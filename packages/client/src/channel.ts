import type { Event } from '@hubbub/protocol/event';
import type { Ack, Draft } from './draft.ts';
import type { EventsOptions } from './events.ts';
import type { Fact, FactsOptions, HistoryOptions, HistoryPage } from './pages.ts';
import type { SubscribeOptions, Subscription } from './subscription.ts';

/** What a program sends and reads in a channel: each kind of event, and its body. */
export type EventMap = object;

/** An event of one of these kinds. A kind that is not among them comes all the same: leave it out, never fail on it. */
export type EventOf<Events extends EventMap> = {
  [Kind in keyof Events & string]: Omit<Event<Events[Kind]>, 'kind'> & { readonly kind: Kind };
}[keyof Events & string];

export interface ChannelSubscribeOptions<Events extends EventMap> extends Omit<SubscribeOptions, 'onEvents'> {
  onEvents(events: readonly EventOf<Events>[]): void;
}

/** What a channel needs of its client. */
export interface ChannelClient {
  subscribe(channel: string, options: SubscribeOptions): Subscription;
  events(channel: string, options: EventsOptions): AsyncGenerator<Event, void, undefined>;
  send(channel: string, draft: Draft): Promise<Ack>;
  history(channel: string, options: HistoryOptions): Promise<HistoryPage>;
  facts(channel: string, options: FactsOptions): Promise<readonly Fact[]>;
  signal(channel: string, kind: string, body: unknown): void;
}

/** One channel, with the types of what is said in it. The types are a promise of the program to itself: nothing is checked. */
export class Channel<Events extends EventMap = Record<string, unknown>> {
  readonly name: string;
  readonly #client: ChannelClient;

  constructor(client: ChannelClient, name: string) {
    this.#client = client;
    this.name = name;
  }

  /** See `Client.subscribe`. */
  subscribe(options: ChannelSubscribeOptions<Events>): Subscription {
    return this.#client.subscribe(this.name, { ...options, onEvents: (events) => options.onEvents(events as never) });
  }

  /** See `Client.events`. */
  events(options: EventsOptions = {}): AsyncGenerator<EventOf<Events>, void, undefined> {
    return this.#client.events(this.name, options) as AsyncGenerator<never, void, undefined>;
  }

  /** See `Client.send`. */
  send<Kind extends keyof Events & string>(kind: Kind, body: Events[Kind], more: Omit<Draft, 'kind' | 'body'> = {}): Promise<Ack> {
    return this.#client.send(this.name, { ...more, kind, body });
  }

  /** See `Client.history`. */
  history(options: HistoryOptions = {}): Promise<HistoryPage & { readonly events: readonly EventOf<Events>[] }> {
    return this.#client.history(this.name, options) as Promise<never>;
  }

  /** See `Client.facts`. */
  facts(options: FactsOptions = {}): Promise<readonly Fact[]> {
    return this.#client.facts(this.name, options);
  }

  /** See `Client.signal`. */
  signal(kind: string, body: unknown): void {
    this.#client.signal(this.name, kind, body);
  }
}
