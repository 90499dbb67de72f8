import type { Broker, BrokerSinks, OpenBroker } from './broker.ts';

/** The bus that all nodes of one process share. */
export interface LocalBus {
  /** A broker on this bus. */
  readonly open: OpenBroker;
}

/** Makes a bus. Envelopes arrive in the next turn, `turn` being the event loop's. */
export function localBus(turn: (run: () => void) => void): LocalBus {
  const members = new Set<Member>();

  const open = (sinks: BrokerSinks): Broker => {
    const member: Member = { sinks, channels: new Set() };
    members.add(member);
    return {
      limits: { envelopeBytes: Number.POSITIVE_INFINITY, ownBell: false },
      dropped: 0,
      subscribe: async (channels) => {
        for (const channel of channels) member.channels.add(channel);
      },
      unsubscribe: async (channels) => {
        for (const channel of channels) member.channels.delete(channel);
      },
      publish: (channel, envelope) => {
        if (!members.has(member)) return;
        for (const other of members) {
          if (!other.channels.has(channel)) continue;
          turn(() => {
            if (members.has(other) && other.channels.has(channel)) other.sinks.onEnvelope(channel, envelope);
          });
        }
      },
      close: async () => {
        members.delete(member);
      },
    };
  };
  return { open };
}

interface Member {
  readonly sinks: BrokerSinks;
  readonly channels: Set<string>;
}
