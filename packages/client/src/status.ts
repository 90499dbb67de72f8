import { limits } from '@hubbub/protocol/limits';
import type { ConnectionState } from './connection-state.ts';
import type { SubscriptionState } from './subscription.ts';

/**
 * What the client is doing, and the truth about what is on the screen:
 * - `connecting`: the first link is not there yet; `reconnecting`: the link was lost; `retryAt` (of `env.now()`) while it waits, left
 *   out while it tries.
 * - `catching-up`: linked; `toGo` events are still missing, over all channels.
 * - `live`: linked, all subscriptions stand at the head, and the server has confirmed within two heartbeats that it knows the head.
 * - `stale`: linked, but the server cannot see its own log at the moment: nothing new can be shown or sent.
 * - `refused`: the server will not have us (`unauthorized`, `upgrade_required`); nothing is tried until `signIn`. Nothing is lost.
 */
export type Status =
  | { readonly state: 'connecting' }
  | { readonly state: 'reconnecting'; readonly attempt: number; readonly retryAt?: number }
  | { readonly state: 'catching-up'; readonly toGo: number }
  | { readonly state: 'live' }
  | { readonly state: 'stale' }
  | { readonly state: 'refused'; readonly code: string; readonly text: string }
  | { readonly state: 'closed' };

/** The server confirms every heartbeat that it sees the head of its log; after two missing ones, `live` is no longer believed. */
export const confirmation = 2 * limits.heartbeatMs;

export interface Circumstances {
  /** Linked at least once. */
  readonly wasOpen: boolean;
  /** What the server last said of itself. */
  readonly stale: boolean;
  /** Milliseconds since it did; infinite: not on this link yet. */
  readonly confirmedFor: number;
}

export interface Following {
  readonly state: SubscriptionState;
  /** Events known of and not applied. */
  readonly toGo: number;
}

/** What can be said, from what is known: pure. */
export function statusOf(connection: ConnectionState, subscriptions: Iterable<Following>, known: Circumstances): Status {
  switch (connection.phase) {
    case 'closed':
      return { state: 'closed' };
    case 'refused':
      return { state: 'refused', code: connection.code, text: connection.text };
    case 'waiting':
      return { state: 'reconnecting', attempt: connection.attempt, retryAt: connection.retryAt };
    case 'dialing':
    case 'greeting':
      return known.wasOpen || connection.attempt > 1 ? { state: 'reconnecting', attempt: connection.attempt } : { state: 'connecting' };
    case 'open':
      return linked(subscriptions, known);
  }
}

function linked(subscriptions: Iterable<Following>, { stale, confirmedFor }: Circumstances): Status {
  const trusted = confirmedFor < confirmation;
  if (stale || (!trusted && confirmedFor < Number.POSITIVE_INFINITY)) return { state: 'stale' };
  let waiting = !trusted;
  let toGo = 0;
  for (const subscription of subscriptions) {
    const { state } = subscription.state;
    if (state === 'opening' || state === 'behind') waiting = true;
    toGo += subscription.toGo;
  }
  return waiting ? { state: 'catching-up', toGo } : { state: 'live' };
}
