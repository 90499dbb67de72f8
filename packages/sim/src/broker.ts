import type { Broker, OpenBroker } from '@hubbub/server/broker/broker';
import type { Actor } from './world.ts';

/** One node's connection to the server of the broker, as the simulation sees it. */
export interface BrokerConnection {
  readonly connected: boolean;
}

/** A broker's server, which can die and come back with nothing: who had subscribed to what, it does not know any more. */
export class BrokerServer {
  readonly #connections = new Set<Connection>();
  #up = true;

  get up(): boolean {
    return this.#up;
  }

  /** All connections break. */
  die(): void {
    this.#up = false;
    for (const connection of this.#connections) connection.lost();
  }

  /** It is there again, empty; each node finds it in its own time. */
  comeBack(): void {
    this.#up = true;
    for (const connection of this.#connections) connection.dial();
  }

  /**
   * A node's broker behind a connection of its own to this server; `open` is what the server does while it stands. `changed` is told
   * when the connection breaks, and when its channels stand again.
   */
  connect(open: OpenBroker, way: Actor, changed: (connected: boolean) => void): { readonly open: OpenBroker } & BrokerConnection {
    const connection = new Connection(this, way, changed);
    this.#connections.add(connection);
    return {
      get connected() {
        return connection.connected;
      },
      open: (sinks) => connection.over(open(sinks), () => this.#connections.delete(connection), sinks.onGap),
    };
  }
}

class Connection {
  readonly #server: BrokerServer;
  readonly #way: Actor;
  readonly #changed: (connected: boolean) => void;
  readonly #wanted = new Set<string>();
  #inner: Broker | undefined;
  #tellGap: (reason: string) => void = () => {};
  #dropped = 0;
  connected: boolean;

  constructor(server: BrokerServer, way: Actor, changed: (connected: boolean) => void) {
    this.#server = server;
    this.#way = way;
    this.#changed = changed;
    this.connected = server.up;
  }

  over(inner: Broker, closed: () => void, tellGap: (reason: string) => void): Broker {
    this.#inner = inner;
    this.#tellGap = tellGap;
    const dropped = (): number => this.#dropped;
    return {
      limits: inner.limits,
      get dropped() {
        return inner.dropped + dropped();
      },
      subscribe: async (channels) => {
        for (const channel of channels) this.#wanted.add(channel);
        if (this.connected) return inner.subscribe(channels);
        // Some clients say that there is nobody, others wait.
        if (this.#way.dice.chance(0.5)) throw new Error('there is no broker');
        await new Promise(() => {});
      },
      unsubscribe: async (channels) => {
        for (const channel of channels) this.#wanted.delete(channel);
        if (this.connected) await inner.unsubscribe(channels);
      },
      publish: (channel, envelope) => {
        if (this.connected) inner.publish(channel, envelope);
        else this.#dropped += 1;
      },
      close: () => {
        closed();
        this.#inner = undefined;
        return inner.close();
      },
    };
  }

  lost(): void {
    if (!this.connected) return;
    this.connected = false;
    void this.#inner?.unsubscribe([...this.#wanted]);
    this.#changed(false);
  }

  dial(): void {
    this.#way.after(this.#way.dice.between(20, 1_500), () => {
      if (!this.#server.up || this.connected || !this.#inner) return;
      this.connected = true;
      void this.#inner.subscribe([...this.#wanted]);
      this.#changed(true);
      this.#tellGap('the broker was away');
    });
  }
}
