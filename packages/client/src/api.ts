/** What a program holds on to: the client as its user sees it. `client.ts` makes one. */
import type { Env } from '@hubbub/protocol/env';
import type { Event } from '@hubbub/protocol/event';
import type { Admin } from './admin.ts';
import type { Channel, EventMap } from './channel.ts';
import type { Ack, Draft } from './draft.ts';
import type { EventsOptions } from './events.ts';
import type { Inbox, InboxOptions } from './inbox.ts';
import type { Outgoing } from './letter.ts';
import type { Dial } from './link.ts';
import type { OutboxStore } from './outbox-store.ts';
import type { ChannelsOptions, Fact, FactsOptions, HistoryOptions, HistoryPage, Listed } from './pages.ts';
import type { Status } from './status.ts';
import type { SubscribeOptions, Subscription } from './subscription.ts';

export type { Event } from '@hubbub/protocol/event';
export type { Admin, AdminOptions, CheckOptions } from './admin.ts';
export type { ChannelSubscribeOptions, EventMap, EventOf } from './channel.ts';
export type { Ack, Draft } from './draft.ts';
export type { EventsOptions } from './events.ts';
export type { Inbox, InboxEntry, InboxOptions } from './inbox.ts';
export type { Outgoing } from './letter.ts';
export type { Dial, Link, LinkHandlers } from './link.ts';
export type { KeptEvent, OutboxStore } from './outbox-store.ts';
export type { ChannelsOptions, Fact, FactsOptions, HistoryOptions, HistoryPage, Listed, Place } from './pages.ts';
export type { Presence } from './presence.ts';
export type { Signal } from './signals.ts';
export type { Status } from './status.ts';
export type { SubscribeOptions, Subscription, SubscriptionState } from './subscription.ts';

/**
 * What the client shows at sign-in: a token it was given before; a way to get one, which is asked again before that ends, and when the
 * server takes it no more; or (a guest) the name it wants to be seen by.
 */
export type Credentials = { readonly token: string | (() => Promise<string>) } | { readonly name: string };

export interface ConnectOptions {
  /** Where the server is: `http(s)://host[:port]` or `ws(s)://…`; a path is kept as prefix. */
  readonly url: string;
  readonly credentials: Credentials;
  /** A guest's token, once the server has made it; show it next time to be the same person again. */
  readonly onToken?: (token: string, user: string) => void;
  /**
   * Where events that are not acknowledged yet outlive the program; left out: they do not. `platform/file-outbox` is one for Node. What is
   * kept is of the user who wrote it: it waits while somebody else is signed in. Without it, what waits is sent as whoever signs in.
   */
  readonly outbox?: OutboxStore;
  /** Clock, timers, randomness; left out: the platform's. */
  readonly env?: Env;
  /** How a link is made; left out: the platform's WebSocket. */
  readonly dial?: Dial;
  /** Names the program's build, for the server's log and for `upgrade_required`. */
  readonly build?: string;
}

export interface Client {
  readonly status: Status;
  /** Who we are, from the first accepted sign-in on. */
  readonly user: string | undefined;
  /** Calls `run` at every change of status (not at once). Returns what stops it. */
  onStatus(run: (status: Status) => void): () => void;
  /** One subscription per channel: a second `subscribe` of a channel that is open throws. */
  subscribe(channel: string, options: SubscribeOptions): Subscription;
  /** One channel, with the types of what is said in it: `channel<{ message: { text: string } }>('room:general')`. */
  channel<Events extends EventMap = Record<string, unknown>>(channel: string): Channel<Events>;
  /**
   * A channel's events, one after the other, for ever: `for await (const event of client.events('room:general'))`. Throws a `HubbubError`
   * when the channel may not be read, at a reset that nobody listens to, or (`closed`) once the client is closed.
   */
  events(channel: string, options?: EventsOptions): AsyncGenerator<Event, void, undefined>;
  /** Channels that are mine, or that everybody is told of, and where they stand. Waits and rejects like `history`. */
  channels(of: 'mine' | 'public', options?: ChannelsOptions): Promise<readonly Listed[]>;
  /** A page of a channel's log. Waits out what passes; rejects with a `HubbubError` when it is refused, or with the signal's reason. */
  history<Body = unknown>(channel: string, options?: HistoryOptions): Promise<HistoryPage<Body>>;
  /** What a channel's events have made true. Waits and rejects like `history`. */
  facts(channel: string, options?: FactsOptions): Promise<readonly Fact[]>;
  /** All channels that are mine and where they stand, one subscription for all. A client has one: a second call while it is open throws. */
  inbox(options: InboxOptions): Inbox;
  /**
   * Sends an event, for ever if need be: over reconnects, with the same id, in the order of the calls per channel. Resolves with the
   * place in the log once the server has it synced; rejects with a `HubbubError` only when the server refuses it for good, after `discard`, or after `close`.
   */
  send(channel: string, draft: Draft): Promise<Ack>;
  /**
   * Tells whoever reads the channel now, such as that we are typing; never in the log. Fire and forget: without a link, or where the server
   * will not have it, it is dropped. Throws a `HubbubError` for what is no signal: a wrong name, a body above 1 KiB.
   */
  signal(channel: string, kind: string, body: unknown): void;
  /** What is not acknowledged yet, oldest first; refused ones stay until discarded or retried. */
  outgoing(channel: string): readonly Outgoing[];
  /** Calls `run` whenever `outgoing(channel)` has changed. */
  onOutgoing(channel: string, run: () => void): () => void;
  /** Sends a failed event again. */
  retry(id: string): void;
  /** Forgets an event that is not acknowledged. If it was on its way, it may be in the log all the same. */
  discard(id: string): void;
  /** What the administrator does to the server, from its own machine. */
  readonly admin: Admin;
  /** Does not wait for the back-off. */
  reconnect(): void;
  /** New credentials, after `refused` or before a token ends. What is sent from here on is of whoever they let in. */
  signIn(credentials: Credentials): void;
  /** Ends everything; nothing is called afterwards. */
  close(): void;
}
