import type { Hub } from './hub.ts';

/** What a node sees of itself, for status pages, metrics and tests. */
export interface NodeStatus {
  readonly links: number;
  readonly sessions: number;
  readonly channels: number;
  /** Cursors: one for each channel that a link reads. */
  readonly subscriptions: number;
  /** Those that do not stand at the head. */
  readonly behind: number;
  /** Channels of which more is known to be there than is held. */
  readonly dirty: number;
  readonly beyond: number;
  readonly flights: number;
  readonly repairs: number;
  readonly queued: number;
  /** Channels that are in somebody's inbox. */
  readonly inboxChannels: number;
  /** Channels of which it knows who is there, and those in which somebody is told. */
  readonly presences: number;
  readonly watched: number;
  /** Pages that are being read for somebody, or wait for that. */
  readonly reads: number;
  readonly tailBytes: number;
  /** Envelopes that the broker could not hand on, since the start. */
  readonly brokerDropped: number;
  readonly held: boolean;
  /** It is going, and lets nobody in. */
  readonly draining: boolean;
  readonly degraded: boolean;
}

/** What of it the hub holds. */
export function countsOf(hub: Hub): Pick<NodeStatus, 'channels' | 'subscriptions' | 'behind' | 'dirty' | 'beyond'> {
  const counts = { channels: hub.size, subscriptions: 0, behind: 0, dirty: 0, beyond: 0 };
  for (const { listeners, beyond, open, head, known } of hub.channels()) {
    counts.subscriptions += listeners.size;
    for (const { live } of listeners) if (!live) counts.behind += 1;
    if (open && head < known) counts.dirty += 1;
    counts.beyond += beyond;
  }
  return counts;
}
