/** Milliseconds of the machine's monotonic clock, fractions included: the same in every process, so that a time can travel in an event. */
const [seconds, nanoseconds] = process.hrtime();
const offset = seconds * 1e3 + nanoseconds / 1e6 - performance.now();

/** Now, in milliseconds. */
export function monotonic(): number {
  return offset + performance.now();
}

/** Resolves after `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
