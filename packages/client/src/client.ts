import type { Env } from '@hubbub/protocol/env';
import type { Event } from '@hubbub/protocol/event';
import type { CommandPush, HelloReply, Push } from '@hubbub/protocol/frames';
import { uuidv7 } from '@hubbub/protocol/id';
import { isChannel } from '@hubbub/protocol/names';
import { protocolVersion } from '@hubbub/protocol/version';
import { AdminDesk } from './admin.ts';
import type { Client, ConnectOptions, Credentials } from './api.ts';
import { Asking } from './asking.ts';
import { Channel, type EventMap } from './channel.ts';
import { Connection } from './connection.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Ack, Draft } from './draft.ts';
import { HubbubError } from './error.ts';
import { type EventsOptions, eventsOf } from './events.ts';
import { type Inbox, type InboxOptions, InboxView } from './inbox.ts';
import type { Outgoing } from './letter.ts';
import { Outbox } from './outbox.ts';
import { OutgoingListeners } from './outgoing-listeners.ts';
import { type ChannelsOptions, type Fact, type FactsOptions, type HistoryOptions, type HistoryPage, type Listed, Pages } from './pages.ts';
import { platformEnv } from './platform/env.ts';
import { Signals } from './signals.ts';
import type { Status } from './status.ts';
import { StatusWatch } from './status-watch.ts';
import { ChannelSubscription, type SubscribeOptions, type Subscription } from './subscription.ts';
import { TokenKeeper } from './token-keeper.ts';
import { dialWebSocket } from './transports/websocket.ts';

export type * from './api.ts';
export { Channel } from './channel.ts';
export { HubbubError } from './error.ts';

/** Opens a client. It connects at once, and stays with it until it is closed. */
export function connect(options: ConnectOptions): Client {
  return new HubbubClient(options);
}

class HubbubClient implements Client {
  readonly admin: AdminDesk;
  readonly #env: Env;
  readonly #session: string;
  readonly #options: ConnectOptions;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #asking: Asking;
  readonly #pages: Pages;
  readonly #signals: Signals;
  readonly #subscriptions = new Map<string, ChannelSubscription>();
  readonly #watch: StatusWatch;
  readonly #tokens: TokenKeeper;
  readonly #closing = new AbortController();
  readonly #outgoingListeners = new OutgoingListeners();
  #inbox: InboxView | undefined;
  #user: string | undefined;
  readonly #isOpen = (): boolean => this.#connection.state.phase === 'open';

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#env = options.env ?? platformEnv();
    this.#session = uuidv7(this.#env);
    this.#watch = new StatusWatch({
      ...{ env: this.#env, connection: () => this.#connection.state, subscriptions: () => this.#subscriptions.values() },
      call: (run) => this.#call(run),
    });
    this.#tokens = new TokenKeeper(
      {
        env: this.#env,
        start: () => this.#connection.start(),
        signIn: () => this.#connection.signIn(),
        refresh: (token) => this.#connection.request('refresh', `"token":${JSON.stringify(token)}`),
      },
      options.credentials,
    );
    this.#outbox = new Outbox({
      ...{ env: this.#env, store: options.outbox },
      send: (channel, events) => this.#connection.request('send', `"channel":${JSON.stringify(channel)},"events":[${events}]`),
      changed: (channel) => this.#outgoingListeners.tell(channel),
    });
    this.#connection = new Connection({
      env: this.#env,
      url: options.url,
      dial: options.dial ?? dialWebSocket,
      hello: () => ({
        protocol: protocolVersion,
        session: this.#session,
        ...(options.build && { build: options.build }),
        ...this.#tokens.shown,
      }),
      onState: (state) => this.#moved(state),
      onMoved: () => this.#parted(),
      onWelcome: (reply) => this.#welcomed(reply),
      onPush: (push) => this.#pushed(push),
    });
    this.#asking = new Asking({
      ...{ env: this.#env, isOpen: this.#isOpen },
      subscribe: (to, taken) => this.#connection.request('subscribe', `"to":${to}`, taken),
    });
    this.admin = new AdminDesk({
      isOpen: this.#isOpen,
      request: (cmd, members, told) => this.#connection.request(cmd, members, undefined, told),
    });
    this.#pages = new Pages({
      ...{ env: this.#env, isOpen: this.#isOpen },
      request: (cmd, members) => this.#connection.request(cmd, members),
    });
    this.#signals = new Signals({
      isOpen: this.#isOpen,
      signal: (members) => this.#connection.request('signal', members),
    });
    this.#tokens.begin();
  }

  get status(): Status {
    return this.#watch.status;
  }

  get user(): string | undefined {
    return this.#user;
  }

  onStatus(run: (status: Status) => void): () => void {
    return this.#watch.listen(run);
  }

  subscribe(channel: string, options: SubscribeOptions): Subscription {
    if (!isChannel(channel)) throw new HubbubError('bad_channel', 'this is no name of a channel');
    if (this.#subscriptions.has(channel)) throw new HubbubError('conflict', 'this channel is subscribed to already');
    const subscription = new ChannelSubscription(channel, options, {
      env: this.#env,
      ask: (one) => this.#asking.add(one),
      askPresence: (name, after, taken) => {
        const from = after === undefined ? '' : `,"after":${JSON.stringify(after)}`;
        return this.#connection.request('presence', `"channel":${JSON.stringify(name)},"on":true${from}`, (reply) => {
          if ('count' in reply) taken(reply);
        });
      },
      changed: () => this.#watch.report(),
      closed: (one) => this.#left(one),
    });
    this.#subscriptions.set(channel, subscription);
    this.#asking.add(subscription);
    this.#watch.report();
    return subscription;
  }

  channel<Events extends EventMap = Record<string, unknown>>(channel: string): Channel<Events> {
    return new Channel(this, channel);
  }

  events(channel: string, options: EventsOptions = {}): AsyncGenerator<Event, void, undefined> {
    return eventsOf((one) => this.subscribe(channel, one), this.#closing.signal, options);
  }

  channels(of: 'mine' | 'public', options: ChannelsOptions = {}): Promise<readonly Listed[]> {
    return this.#pages.channels(of, options);
  }

  history<Body = unknown>(channel: string, options: HistoryOptions = {}): Promise<HistoryPage<Body>> {
    return this.#pages.history(channel, options);
  }

  facts(channel: string, options: FactsOptions = {}): Promise<readonly Fact[]> {
    return this.#pages.facts(channel, options);
  }

  inbox(options: InboxOptions): Inbox {
    if (this.#inbox) throw new HubbubError('conflict', 'the inbox is open already');
    const onChange = (inbox: Inbox): void => this.#call(() => options.onChange(inbox));
    const inbox = new InboxView(
      { onChange },
      {
        ...{ env: this.#env, isOpen: this.#isOpen },
        ask: (on, taken) => this.#connection.request('inbox', `"on":${on}`, taken),
        closed: () => {
          this.#inbox = undefined;
        },
      },
    );
    this.#inbox = inbox;
    inbox.opened();
    return inbox;
  }

  send(channel: string, draft: Draft): Promise<Ack> {
    if (!isChannel(channel)) return Promise.reject(new HubbubError('bad_channel', 'this is no name of a channel'));
    return this.#outbox.add(channel, draft);
  }

  signal(channel: string, kind: string, body: unknown): void {
    this.#signals.give(channel, kind, body);
  }

  outgoing(channel: string): readonly Outgoing[] {
    return this.#outbox.list(channel);
  }

  onOutgoing(channel: string, run: () => void): () => void {
    return this.#outgoingListeners.add(channel, run);
  }

  retry(id: string): void {
    this.#outbox.retry(id);
  }

  discard(id: string): void {
    this.#outbox.discard(id);
  }

  reconnect(): void {
    this.#connection.retry();
  }

  signIn(credentials: Credentials): void {
    this.#outbox.signingIn();
    this.#tokens.replace(credentials);
  }

  close(): void {
    this.#tokens.close();
    this.#inbox?.close();
    this.#pages.close();
    this.#outbox.close();
    this.admin.close();
    this.#connection.close();
    this.#watch.close();
    this.#outgoingListeners.clear();
    this.#closing.abort();
  }

  #moved(state: ConnectionState): void {
    if (state.phase !== 'open') this.#parted();
    if (state.phase === 'refused') this.#tokens.refused(state.code);
    this.#watch.report();
  }

  /** What was asked on the former link is void, and so is what it had confirmed. */
  #parted(): void {
    this.#outbox.lost();
    this.#watch.parted();
    this.#asking.clear();
    this.#inbox?.lost();
    for (const subscription of this.#subscriptions.values()) subscription.lost();
  }

  #welcomed(reply: HelloReply): void {
    this.#watch.opened();
    this.#user = reply.user;
    const { token, user } = reply;
    this.#tokens.welcomed(reply);
    if (token !== undefined) this.#call(() => this.#options.onToken?.(token, user));
    for (const subscription of this.#subscriptions.values()) this.#asking.add(subscription);
    this.#inbox?.opened();
    this.#pages.opened();
    this.#outbox.opened(user);
    this.admin.opened();
    this.#watch.report();
  }

  #pushed(push: Exclude<Push, CommandPush>): void {
    switch (push.push) {
      case 'events':
        return this.#subscriptions.get(push.channel)?.onEvents(push);
      case 'state':
        return this.#subscriptions.get(push.channel)?.onState(push);
      case 'signal':
        return this.#subscriptions.get(push.channel)?.onSignal(push);
      case 'presence':
        return this.#subscriptions.get(push.channel)?.onPresence(push);
      case 'inbox':
        return this.#inbox?.onPush(push);
      case 'health':
        return this.#watch.confirmed(push.stale);
      case 'bye':
      case 'error':
        return undefined;
    }
  }

  #left(subscription: ChannelSubscription): void {
    if (this.#subscriptions.get(subscription.channel) !== subscription) return;
    this.#subscriptions.delete(subscription.channel);
    this.#connection.request('unsubscribe', `"channels":[${JSON.stringify(subscription.channel)}]`).catch(() => {});
    this.#watch.report();
  }

  /** What goes wrong in the caller's code surfaces as his, in a turn of its own; the connection goes on. */
  #call(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#env.turn(() => {
        throw error;
      });
    }
  }
}
