/** Times, in buckets as HdrHistogram has them: each at most a thousandth wide of what it holds. They can be sent and added up. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface Times {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Bucket and count, by turns, of the buckets that hold something. */
export type Counts = readonly number[];

/** Buckets of one power of two; below twice as many microseconds each has its own. */
const fine = 1_024;
/** Eighteen minutes: nothing here lasts longer. */
const highest = 2 ** 30 - 1;

/** A histogram of times, recorded in microseconds and told in milliseconds. */
export class Histogram {
  readonly #buckets = new Float64Array(fine * 21);

  /** Records one time, in milliseconds. */
  record(ms: number): void {
    const at = bucketOf(Math.min(highest, Math.max(0, Math.round(ms * 1_000))));
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
  }

  /** Adds what another process has recorded. */
  add(counts: Counts): void {
    for (let at = 0; at < counts.length; at += 2) {
      const bucket = counts[at] ?? 0;
      this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + (counts[at + 1] ?? 0);
    }
  }

  reset(): void {
    this.#buckets.fill(0);
  }

  get counts(): Counts {
    return [...this.#buckets.entries()].flatMap(([at, count]) => (count > 0 ? [at, count] : []));
  }

  get times(): Times {
    const { counts } = this;
    let count = 0;
    for (let at = 1; at < counts.length; at += 2) count += counts[at] ?? 0;
    const at = (share: number): number => round(nth(counts, Math.ceil(count * share)) / 1_000);
    return { count, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
  }
}

function bucketOf(value: number): number {
  if (value < 2 * fine) return value;
  const shift = 21 - Math.clz32(value);
  return shift * fine + (value >>> shift);
}

/** The highest value of a bucket: a percentile is never told too low. */
function highestOf(bucket: number): number {
  if (bucket < 2 * fine) return bucket;
  const shift = Math.floor(bucket / fine) - 1;
  return (bucket - shift * fine + 1) * 2 ** shift - 1;
}

/** The `n`th smallest value, in microseconds. */
function nth(counts: Counts, n: number): number {
  let seen = 0;
  for (let at = 0; at < counts.length; at += 2) {
    seen += counts[at + 1] ?? 0;
    if (seen >= n) return highestOf(counts[at] ?? 0);
  }
  return 0;
}

/** How late this process's own event loop is. */
export class LoopLag {
  readonly #resolution = 2;
  readonly #delay = monitorEventLoopDelay({ resolution: this.#resolution });

  /** Begins anew. */
  start(): void {
    this.#delay.reset();
    this.#delay.enable();
  }

  /** Milliseconds by which a timer came late, at the 99th percentile since `start`. */
  get p99(): number {
    if (this.#delay.count === 0) return 0;
    // The monitor's figures hold the interval of its own timer.
    return round(Math.max(0, this.#delay.percentile(99) / 1e6 - this.#resolution));
  }

  stop(): void {
    this.#delay.disable();
  }
}

/** Three decimals: more would be noise. */
export function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/** The middle one; of an even number, halfway between the two: taking one of them would be a choice. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return round((low + high) / 2);
}
