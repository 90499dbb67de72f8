/** Asks every 10 ms until it holds. One that rejects does not hold yet. Throws after `patience` ms, with `what` did not come about. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, patience = 10_000): Promise<void> {
  const deadline = performance.now() + patience;
  for (let why = ''; ; ) {
    try {
      if (await holds()) return;
    } catch (error) {
      why = `: ${error}`;
    }
    if (performance.now() > deadline) throw new Error(`not within ${patience} ms: ${what}${why}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
