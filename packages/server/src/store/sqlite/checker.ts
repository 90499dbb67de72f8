/** The checking worker: lives for one check, reads only, and rests between its slices so that it can be ended. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, CheckerCalls, Question } from './calls.ts';
import { Check } from './check.ts';
import { failureOf } from './errors.ts';
import { openReading } from './schema.ts';

/** Nobody looks at a figure more often. */
const tellMs = 200;

export interface CheckerData {
  readonly path: string;
}

const port = parentPort;
if (!port) throw new Error('runs as a worker only');
const say = (answer: Answer): void => port.postMessage(answer);

port.once('message', ({ call }: Question<CheckerCalls>) => {
  const db = openReading((workerData as CheckerData).path, 32_768);
  const check = new Check(db, (problem) => say({ call, progress: problem }));
  const steps = check.run();
  let told = performance.now();
  const step = (): void => {
    try {
      const { done, value } = steps.next();
      if (!done) {
        if (performance.now() - told >= tellMs) {
          told = performance.now();
          say({ call, progress: check.done });
        }
        setImmediate(step);
        return;
      }
      db.close();
      say({ call, value });
    } catch (error) {
      const failure = failureOf(error, 'other');
      say({ call, code: failure.code, text: failure.message });
      port.close();
    }
  };
  step();
});
