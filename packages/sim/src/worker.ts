import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { Bug } from './bugs/bug.ts';
import type { RunResult } from './run.ts';

/** What a worker is started with. */
export interface WorkerData {
  /** Planted before anything of the product is loaded. */
  readonly bug?: Bug;
}

/** What it is asked, and answers: one message a seed, in order. */
export type Question = { readonly seed: number };
export type Answer = Omit<RunResult, 'counts'> & { readonly counts: readonly (readonly [string, number])[] };

const { bug } = workerData as WorkerData;
if (bug) plant(bug);
// Imported only now: what is loaded before a hook is there is loaded as it is.
const { runSeed } = await import('./run.ts');

parentPort?.on('message', ({ seed }: Question) => {
  void answer(seed);
});

async function answer(seed: number): Promise<void> {
  try {
    const result = await runSeed(seed);
    parentPort?.postMessage({ ...result, counts: [...result.counts] } satisfies Answer);
  } catch (error) {
    // A defect that throws is caught all the same.
    const violations = [`I10: the run ended with ${error instanceof Error ? (error.stack ?? error.message) : error}`];
    parentPort?.postMessage({ seed, violations, events: 0, faults: [], cutOff: 0, counts: [], steps: 0 } satisfies Answer);
  }
}

/** Patches one file as it is loaded, in this worker alone. A patch that no longer fits is a defect of the list. */
function plant({ name, file, find, replace }: Bug): void {
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context);
      if (!url.endsWith(file)) return loaded;
      const source = String(loaded.source instanceof Uint8Array ? new TextDecoder().decode(loaded.source) : loaded.source);
      if (source.split(find).length !== 2) throw new Error(`the bug "${name}" does not fit ${file} any more`);
      return { ...loaded, source: source.replace(find, () => replace) };
    },
  });
}
