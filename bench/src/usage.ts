/** What a process has used, as Linux counts it: asked from outside, so that the answer costs the process nothing. */
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  /** Milliseconds of CPU of all its threads. */
  readonly cpuMs: number;
  /** Write calls (write, writev, pwrite64) of its main thread: its sockets, and a few wake-ups of its workers. */
  readonly writes: number;
}

/** What the process has used since its start. */
export function usageOf(pid: number): Usage {
  const tasks = readdirSync(`/proc/${pid}/task`);
  // Of the scheduler, in nanoseconds; /proc/PID/stat counts in steps of 10 ms.
  const nanoseconds = tasks.reduce((sum, task) => sum + Number(field(`/proc/${pid}/task/${task}/schedstat`, /^(\d+)/)), 0);
  return { cpuMs: nanoseconds / 1e6, writes: Number(field(`/proc/${pid}/task/${pid}/io`, /^syscw: (\d+)/m)) };
}

/** Resident memory of a process now, in megabytes. What waits in the kernel's socket buffers is not in it. */
export function residentMb(pid: number): number {
  return Math.round(Number(field(`/proc/${pid}/status`, /^VmRSS:\s+(\d+) kB/m)) / 1_024);
}

function field(path: string, pattern: RegExp): string {
  const found = pattern.exec(readFileSync(path, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${path} does not say ${pattern}`);
  return found;
}
