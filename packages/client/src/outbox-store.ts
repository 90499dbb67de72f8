/**
 * Where what is not acknowledged yet outlives the program. An event is kept before it is sent, and let go of when it is acknowledged,
 * refused and discarded, or discarded: a program that is killed at any moment, and started again with the same store, delivers it once, for
 * its id is the same.
 *
 * One program at a time has a store. A method that rejects is not asked again: the event is sent all the same.
 */
export interface OutboxStore {
  /** All that is kept, in the order of `put`. */
  load(): Promise<readonly KeptEvent[]>;
  /** Resolves when it would survive the end of the program. */
  put(event: KeptEvent): Promise<void>;
  /** One that is not there is fine. */
  remove(id: string): Promise<void>;
}

export interface KeptEvent {
  readonly id: string;
  readonly channel: string;
  /** As it goes on the wire, JSON. */
  readonly text: string;
  /** Whose it is; left out: of whoever signs in first. */
  readonly user?: string;
}

/** What a former run of the program has left of this user's. Somebody else's words are not to be said in his name. */
export async function leftBy(store: OutboxStore | undefined, user: string): Promise<readonly KeptEvent[]> {
  const kept = (await store?.load().catch(() => [])) ?? [];
  return kept.filter((event) => event.user === undefined || event.user === user);
}
