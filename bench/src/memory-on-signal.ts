/** Loaded into a server before it starts (`--import`): on SIGUSR2 it collects its garbage and tells on stderr what is left. */
import { isMainThread } from 'node:worker_threads';

// Its workers load this too.
if (isMainThread) {
  process.on('SIGUSR2', () => {
    // Any other flavor leaves megabytes of what is no longer reachable; and what one round frees can free more.
    for (let round = 0; round < 3; round++) globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    process.stderr.write(`memory ${JSON.stringify(process.memoryUsage())}\n`);
  });
}
