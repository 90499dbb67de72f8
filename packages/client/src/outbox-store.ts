/**
 * Where what is not acknowledged yet outlives the program. An event is kept before it is sent, and let go of when it is acknowledged,
 * refused and discarded, or discarded: a program that is killed at any moment, and started again with the same store, delivers it once, for
 * its id is the same.
 *
 * One program at a time has a store. A method that rejects is not asked again: the event is sent all the same. Each has to settle:
 * nothing is sent before `load` has.
 */
export interface OutboxStore {
  /** All that is kept, in the order of `put`. What cannot be read is left out, or given as it is: it is removed then. */
  load(): Promise<readonly KeptEvent[]>;
  /** Resolves when it would survive the end of the program. One whose id is there takes that one's place: whose it is has come out. */
  put(event: KeptEvent): Promise<void>;
  /** One that is not there is fine. */
  remove(id: string): Promise<void>;
}

export interface KeptEvent {
  readonly id: string;
  readonly channel: string;
  /** As it goes on the wire, JSON. */
  readonly text: string;
  /** Whose it is: somebody else's words are not to be said in his name. Left out: of whoever signs in next. */
  readonly user?: string;
}
