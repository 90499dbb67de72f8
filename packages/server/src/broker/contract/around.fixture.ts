import type { Broker } from '../broker.ts';

/** A broker that does what another does, but for what is changed. */
export function around(inner: Broker, change: Partial<Broker>): Broker {
  const same: Broker = {
    limits: inner.limits,
    get dropped() {
      return inner.dropped;
    },
    subscribe: (channels) => inner.subscribe(channels),
    unsubscribe: (channels) => inner.unsubscribe(channels),
    publish: (channel, envelope) => inner.publish(channel, envelope),
    close: () => inner.close(),
  };
  return Object.defineProperties(same, Object.getOwnPropertyDescriptors(change));
}
