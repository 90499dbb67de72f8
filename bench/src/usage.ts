/** What a process has used, as Linux counts it: asked from outside, so that the answer costs the process nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { setInterval as every } from 'node:timers/promises';

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

/** The most resident memory that a process has had from now on, looked at every quarter of a second. */
export function peakOf(pid: number): { readonly mb: number } & AsyncDisposable {
  const ended = new AbortController();
  const peak = { mb: residentMb(pid) };
  const watching = (async () => {
    for await (const _ of every(250, undefined, { signal: ended.signal })) peak.mb = Math.max(peak.mb, residentMb(pid));
  })().catch(() => {});
  return {
    get mb() {
      return peak.mb;
    },
    [Symbol.asyncDispose]: () => {
      ended.abort();
      return watching;
    },
  };
}

/**
 * What the kernel holds for all the sockets of the machine, in bytes: their records (its slab memory, in which everything else of the kernel
 * is too, so only what it grows by tells) and what waits in them.
 */
export function kernelBytes(): number {
  const slab = Number(field('/proc/meminfo', /^Slab:\s+(\d+) kB/m)) * 1_024;
  return slab + Number(field('/proc/net/sockstat', /^TCP: .* mem (\d+)/m)) * 4_096;
}

/** How many files, sockets among them, a process may have open here. */
export function mostOpenFiles(): number {
  const most = field('/proc/self/limits', /^Max open files\s+(\S+)/m);
  return most === 'unlimited' ? Number.POSITIVE_INFINITY : Number(most);
}

function field(path: string, pattern: RegExp): string {
  const found = pattern.exec(readFileSync(path, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${path} does not say ${pattern}`);
  return found;
}
