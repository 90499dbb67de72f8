import type { Env } from '@hubbub/protocol/env';
import type { Attendee } from '@hubbub/protocol/frames';
import type { Mechanism } from './mechanisms.ts';

/**
 * Presence: who is there, in memory and nowhere else. The node tells it whom it has itself, and it tells the node who there is
 * anywhere; how nodes find that out among themselves is its own business. What it says may be some seconds old, and is never the
 * ground for a right.
 *
 * - A session is there once, over however many links and nodes. One that has left is there for 5 s more, unless it was put out.
 * - Above so many sessions a channel is *crowded*: who is there is a number and a sample.
 * - It may lose touch with the other nodes, and heals by itself: of a node that lives it is right again after some rounds of its own
 *   (12 s for few channels), of one that has died nobody is left after 15 s.
 */
export interface Presence {
  /** A link of the session reads the channel from now on. As often as it has links. */
  enter(channel: string, member: Member): void;
  /** It does so no more. `putOut`: it has lost the right to, and is gone at once. */
  leave(channel: string, member: Member, putOut: boolean): void;
  /** Somebody here wants to know who is there (or no more): `changed` is called from here on, in a turn of its own or from inside `enter` and `leave`. */
  watch(channel: string, on: boolean): void;
  /** How many are there. */
  crowd(channel: string): Crowd;
  /** Who is there, from behind the user `after` on, in the order of names. */
  list(channel: string, after?: string): Listed;
  /** What another node's presence has published. */
  hear(channel: string, node: string, note: string): void;
  /** Notes may have been missed. */
  gap(): void;
  close(): void;
  /** Channels that it knows something of. */
  readonly size: number;
}

/** A client across its links. */
export interface Member {
  readonly user: string;
  readonly session: string;
}

/** How many sessions are there, and whether that is too many to name them. */
export interface Crowd {
  readonly count: number;
  readonly crowded: boolean;
}

export interface Listed extends Crowd {
  readonly sample: readonly Attendee[];
  /** There are more, behind this name. */
  readonly next?: string;
}

/** The way to the presences of the other nodes: as lossy as the broker that it goes over. */
export interface PresenceWire {
  /** To all nodes that have readers of the channel, or (`everyNode`) to all there are; not to ourselves. Never throws, never queues. */
  publish(channel: string, note: string): void;
  /** Bytes of one note at most. */
  readonly most: number;
  /** Nothing comes through at the moment: that somebody is not heard says nothing about him. */
  readonly deaf: boolean;
}

/** What a node gives for a presence. */
export interface PresenceParts {
  readonly env: Env<Mechanism>;
  readonly wire: PresenceWire;
  /** The channel has changed: `who` has so many sessions there now (0: none any more); left out: only the crowd has changed. */
  changed(channel: string, crowd: Crowd, who?: { readonly user: string; readonly sessions: number }): void;
}

/** How the composition root hands a presence to a node. */
export type OpenPresence = (parts: PresenceParts) => Presence;

/** What is published under this name reaches every node. No client reads it: no authority knows a channel of that kind. */
export const everyNode = 'node:all';
