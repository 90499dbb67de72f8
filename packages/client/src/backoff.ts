const base = 400;
const most = 15_000;

/**
 * How long to wait before the `attempt`th try (1, 2, …), in milliseconds: full jitter (a uniform draw from 0 to a ceiling that doubles),
 * so that thousands of clients that lost the same server do not return as one. Source: M. Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015. `atLeast`: what the server has asked for.
 */
export function backoff(attempt: number, random: () => number, atLeast = 0): number {
  const ceiling = Math.min(most, base * 2 ** Math.min(attempt - 1, 16));
  return atLeast + random() * ceiling;
}
