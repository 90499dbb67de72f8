import type { Broker, OpenBroker } from './broker.ts';

/** How a way between nodes misbehaves: shares of envelopes, and milliseconds. */
export interface Loss {
  drop: number;
  double: number;
  /** Held back so long that later ones overtake it. */
  late: number;
  lateMs: number;
  usualMs: number;
  /** Nothing arrives, and nobody is told. */
  deaf: boolean;
  /** Nothing goes out, and nobody is told. */
  mute: boolean;
}

export interface LossyParts {
  /** Draws about an envelope of that channel. */
  readonly random: (channel: string, envelope: string) => number;
  readonly timer: (ms: number, run: () => void) => () => void;
  readonly loss: Loss;
}

/** Wraps a broker so that it drops, doubles, reorders and delays what it delivers, as seeded. */
export function lossy(open: OpenBroker, { random, timer, loss }: LossyParts): OpenBroker {
  return (sinks) => {
    let closed = false;
    const inner: Broker = open({
      onEnvelope: (channel, envelope) => {
        const draw = (): number => random(channel, envelope);
        if (loss.deaf || draw() < loss.drop) return;
        const copies = draw() < loss.double ? 2 : 1;
        for (let copy = 0; copy < copies; copy++) {
          const delay = draw() < loss.late ? draw() * loss.lateMs : draw() * loss.usualMs;
          timer(delay, () => {
            if (!closed && !loss.deaf) sinks.onEnvelope(channel, envelope);
          });
        }
      },
      onGap: (reason) => sinks.onGap(reason),
    });
    return {
      limits: { ...inner.limits, ownBell: true },
      get dropped() {
        return inner.dropped;
      },
      subscribe: (channels) => inner.subscribe(channels),
      unsubscribe: (channels) => inner.unsubscribe(channels),
      publish: (channel, envelope) => {
        if (!loss.mute) inner.publish(channel, envelope);
      },
      close: () => {
        closed = true;
        return inner.close();
      },
    };
  };
}
