import type { Env } from '@hubbub/protocol/env';
import type { Broker } from '../broker/broker.ts';
import type { Standing } from '../store/store.ts';
import { Channel, type ChannelEvents } from './channel.ts';
import { within } from './deadline.ts';
import { Gather } from './gather.ts';
import type { History } from './history.ts';
import type { Mechanism } from './mechanisms.ts';
import type { Subscription } from './subscription.ts';
import { TailBudget } from './tail.ts';

/** How long a join waits for the broker's word; without it the look finds what it misses. */
const brokerPatience = 250;
/** How long a channel without readers is kept: people come back, and rooms are crossed. */
const keptFor = 60_000;

/** A node's table of channels and the subscriptions on them. */
export class Hub {
  readonly tails = new TailBudget();
  readonly #channels = new Map<string, Channel>();
  readonly #releases = new Map<string, () => void>();
  readonly #brokered = new Map<string, Promise<void>>();
  readonly #env: Env<Mechanism>;
  readonly #history: History;
  readonly #broker: () => Broker;
  readonly #events: ChannelEvents;
  readonly #standings: Gather<string, Standing>;

  constructor(env: Env<Mechanism>, history: History, broker: () => Broker, events: ChannelEvents) {
    this.#env = env;
    this.#history = history;
    this.#broker = broker;
    this.#events = events;
    this.#standings = new Gather(env, 10_000, async (channels) => {
      const distinct = [...new Set(channels)];
      const { heads } = await history.ask((store) => store.heads(distinct));
      const byName = new Map(distinct.map((channel, at) => [channel, heads[at]]));
      return channels.map((channel) => byName.get(channel) ?? { head: 0, n: 0, first: 1 });
    });
  }

  get size(): number {
    return this.#channels.size;
  }

  get(channel: string): Channel | undefined {
    return this.#channels.get(channel);
  }

  channels(): Iterable<Channel> {
    return this.#channels.values();
  }

  /** The channel's record, made if need be; it stays as long as it has subscriptions, and a while longer. */
  channel(name: string): Channel {
    let channel = this.#channels.get(name);
    if (!channel) {
      channel = new Channel(name, this.#env, this.tails, this.#events);
      this.#channels.set(name, channel);
      this.#releaseLater(channel);
    }
    return channel;
  }

  add(subscription: Subscription): void {
    const { channel } = subscription;
    channel.listeners.add(subscription);
    this.#releases.get(channel.name)?.();
    this.#releases.delete(channel.name);
  }

  remove(subscription: Subscription): void {
    const { channel } = subscription;
    if (channel.listeners.delete(subscription) && channel.listeners.size === 0) this.#releaseLater(channel);
  }

  /** Listens to the channel, then reads its head, in this order: what comes between rings. Throws StoreError. */
  async join(channel: Channel): Promise<Standing> {
    await this.#listen(channel.name);
    const epoch = this.#history.epoch;
    const standing = await this.#standings.ask(channel.name);
    if (epoch !== '' && epoch !== this.#history.epoch) return this.join(channel);
    this.#stand(channel, standing);
    return standing;
  }

  /** Reads the heads of all channels anew: what was held is void, or what has moved can no longer be told. */
  async refresh(): Promise<void> {
    // Only what is listened to: a channel that nobody was let into hears no bells, and must not pass for one that does.
    const channels = [...this.#channels.values()].filter(({ name }) => this.#brokered.has(name));
    if (channels.length === 0) return;
    const { heads } = await this.#history.ask((store) => store.heads(channels.map(({ name }) => name)));
    channels.forEach((channel, at) => {
      const standing = heads[at];
      if (standing && this.#channels.get(channel.name) === channel) this.#stand(channel, standing);
    });
  }

  /** Forgets all of the history that has ended; the channels stay, and wait for their heads. */
  end(): void {
    for (const channel of this.#channels.values()) channel.end();
  }

  close(): void {
    for (const cancel of this.#releases.values()) cancel();
    this.#releases.clear();
    this.#channels.clear();
  }

  #stand(channel: Channel, standing: Standing): void {
    if (!channel.open) channel.begin(standing);
    else {
      channel.learn(standing.head);
      channel.check();
    }
  }

  async #listen(name: string): Promise<void> {
    let acknowledged = this.#brokered.get(name);
    if (!acknowledged) {
      acknowledged = this.#broker().subscribe([name]);
      this.#brokered.set(name, acknowledged);
    }
    // Refused, or without an answer: the look finds what is missed, and the broker has it among what it wants.
    await within(this.#env, brokerPatience, acknowledged).catch(() => {});
  }

  #releaseLater(channel: Channel): void {
    this.#releases.get(channel.name)?.();
    const cancel = this.#env.timer(keptFor, () => {
      this.#releases.delete(channel.name);
      this.#channels.delete(channel.name);
      channel.end();
      this.#env.count('hub_released');
      if (this.#brokered.delete(channel.name))
        void this.#broker()
          .unsubscribe([channel.name])
          .catch(() => {});
    });
    this.#releases.set(channel.name, cancel);
  }
}
