/**
 * What core and client take from the world. Both are handed an `Env` instead of reaching for clocks, timers or randomness, so that one
 * process, one thread and one seed can run a whole cluster, and so that a promise about time can be asserted exactly.
 *
 * `Name` is the union of the mechanisms that the caller counts.
 */
export interface Env<Name extends string = string> {
  /** Milliseconds, fractions allowed; never goes back. Says nothing about the calendar: a time that people see is the store's `ts`. */
  now(): number;
  /** Calls `run` once, `ms` from now at the earliest. Returns what cancels it; cancelling twice, or late, does nothing. */
  timer(ms: number, run: () => void): () => void;
  /** Calls `run` in the next turn of the event loop, after input and output that are due have had theirs. */
  turn(run: () => void): void;
  /** A number in [0, 1). */
  random(): number;
  /** Counts that the branch called `name` was taken, `by` times (1). */
  count(name: Name, by?: number): void;
}
