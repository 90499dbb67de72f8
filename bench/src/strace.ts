/** Counts a process's system calls. It slows the process, so a run under it tells nothing else. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Process } from '@hubbub/rig/process';
import type { System } from './dialects.ts';
import { round } from './histogram.ts';
import { type Load, offer, openStage } from './load.ts';
import { temporaryFolder } from './systems.ts';

const writes = ['write', 'writev', 'sendto', 'sendmsg'];
const syncs = ['fsync', 'fdatasync'];
const patience = 30_000;

/** All threads' write calls for each delivery, and syncs for each event. Undefined where strace is not, or may not. */
export async function traceLoad(system: System, load: Load): Promise<Readonly<Record<string, number>> | undefined> {
  await using undo = new AsyncDisposableStack();
  const stage = undo.use(await openStage(system, load));
  const { clients, running } = stage;
  const output = join(temporaryFolder(undo), 'calls');
  const args = ['-f', '-c', '-e', `trace=${[...writes, ...syncs].join(',')}`, '-o', output, '-p', String(running.pid)];
  const strace = undo.use(await Process.start({ command: 'strace', args }));
  try {
    await strace.until(() => /attached/.test(strace.stderr), 5_000);
  } catch {
    return undefined;
  }
  await clients.tell({ order: 'start', stride: 50 });
  const count = Math.ceil(load.rate * load.seconds);
  await offer(stage, { count, rate: load.rate });
  const { delivered } = await clients.tell({ order: 'until', events: count, whom: 'all', patience });
  await strace.kill('SIGINT');
  const calls = callsIn(readFileSync(output, 'utf8'));
  const sum = (names: readonly string[]): number => names.reduce((total, name) => total + (calls.get(name) ?? 0), 0);
  return { writeCallsPerDelivery: round(sum(writes) / Math.max(1, delivered)), syncsPerEvent: round(sum(syncs) / count), delivered };
}

/** Its table: % time, seconds, usecs/call, calls, errors (often empty), syscall. */
function callsIn(text: string): Map<string, number> {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  return new Map(lines.filter((words) => words.length >= 5).map((words) => [words.at(-1) ?? '', Number(words[3])]));
}
