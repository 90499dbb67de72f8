/**
 * The broker: lossy fan-out between nodes, nothing more. It carries envelopes (`envelope.ts`) under the name of a channel to every node
 * that has subscribed to that channel, the sender included. It may lose, double, delay and reorder; order, history and delivery on the
 * node itself are not its job: the log is the truth, and a node that hears nothing looks there.
 *
 * - `subscribe` and `unsubscribe`: **per channel the last call wins**, whatever is in flight, whatever the connection does meanwhile.
 *   `subscribe` resolves when the server has acknowledged, or rejects; an implementation keeps the wanted set by itself and restores it
 *   after every loss of its connection. Subscribing twice is subscribing once.
 * - `publish` never queues and never throws: link down, too large, or more than the server takes = dropped and counted. It returns
 *   nothing, for nothing may rest on it. (What is published in one turn may go out together.)
 * - `onGap` is loud: whatever envelopes may have been missed (a new connection, a slow consumer, a server that was replaced), it is
 *   called once after the subscriptions stand again. The node then looks into the store at once. The first connection is a gap only
 *   where it came late: whoever had subscribed by then may have gone on without it.
 * - Nobody gives up: an implementation tries to reconnect until it is closed, also where the server is not there yet when it is opened.
 *   A connection that takes packets and brings nothing back is one that is lost.
 */
export interface Broker {
  readonly limits: BrokerLimits;
  /** How many envelopes were published and did not go out, since it was opened. */
  readonly dropped: number;
  subscribe(channels: readonly string[]): Promise<void>;
  unsubscribe(channels: readonly string[]): Promise<void>;
  publish(channel: string, envelope: string): void;
  /** No sink is called after it has been called. */
  close(): Promise<void>;
}

export interface BrokerLimits {
  /** Bytes of one envelope. Above it the parcel is left out, and the bell goes alone. */
  readonly envelopeBytes: number;
  /** Whether the way can break unnoticed, so that the node has to ring itself to know. */
  readonly ownBell: boolean;
}

/** Given when the broker is made. Both are called from the event loop, never from inside a call of the node. */
export interface BrokerSinks {
  onEnvelope(channel: string, envelope: string): void;
  onGap(reason: string): void;
}

/** How the composition root hands a broker to a node: the node brings the sinks. */
export type OpenBroker = (sinks: BrokerSinks) => Broker;
