import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Bug } from './bugs/bug.ts';
import type { Answer, Question, WorkerData } from './worker.ts';

/** Runs seeds on all cores, each in a world of its own. `on` is called for each as it ends, in any order; true: that is enough. */
export async function runSeeds(seeds: readonly number[], on: (answer: Answer) => boolean, bug?: Bug): Promise<void> {
  const waiting = [...seeds];
  let enough = false;
  const workers = Math.min(availableParallelism(), seeds.length);
  await Promise.all(
    Array.from({ length: workers }, async () => {
      const worker = start(bug);
      try {
        for (let seed = waiting.shift(); seed !== undefined && !enough; seed = waiting.shift()) {
          if (on(await ask(worker, seed))) enough = true;
        }
      } finally {
        await worker.terminate();
      }
    }),
  );
}

function start(bug: Bug | undefined): Worker {
  const workerData: WorkerData = bug ? { bug } : {};
  return new Worker(new URL(`./worker${extname(import.meta.filename)}`, import.meta.url), { workerData });
}

function ask(worker: Worker, seed: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(error);
    worker.once('error', onError);
    worker.once('message', (answer: Answer) => {
      worker.off('error', onError);
      resolve(answer);
    });
    worker.postMessage({ seed } satisfies Question);
  });
}
