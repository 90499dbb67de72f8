/**
 * Runs beside a process that has started servers, and outlives it: when that has ended, in whatever way, this clears away what it left.
 * Nothing in the process itself could: it may be killed, and a signal that ends it runs no code of it. Each line on stdin is a folder and
 * the processes started in it, `{"folder": …, "heads": [pid, …]}`, or without `heads`: forget it. The end of stdin is the end of the owner.
 */
import { createInterface } from 'node:readline';
import { clearAway } from './remains.ts';

const kept = new Map<string, readonly number[]>();
for await (const line of createInterface({ input: process.stdin })) {
  const { folder, heads } = JSON.parse(line) as { folder: string; heads?: number[] };
  if (heads === undefined) kept.delete(folder);
  else kept.set(folder, heads);
}
await Promise.allSettled([...kept].map(([folder, heads]) => clearAway(folder, heads)));
