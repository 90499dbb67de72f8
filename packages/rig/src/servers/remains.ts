import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Process } from '../process.ts';
import { endFamily } from './family.ts';

/** Removes all that there is of a server: its processes, its data, and its folder. */
export async function clearAway(folder: string, heads: readonly number[]): Promise<void> {
  await endFamily(folder, heads);
  await throwAwayData(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** Removes the data of a server that has been killed, and the memory that the kernel keeps for it. */
export async function throwAwayData(folder: string): Promise<void> {
  await freeSegment(folder);
  rmSync(join(folder, 'data'), { recursive: true, force: true });
}

/** A PostgreSQL that was killed leaves a few bytes of System V memory behind, which outlive everybody. Line 7: its key and its id. */
async function freeSegment(folder: string): Promise<void> {
  let note: string;
  try {
    note = readFileSync(join(folder, 'data/postmaster.pid'), 'utf8');
  } catch {
    return;
  }
  const id = /^\d+\s+(\d+)$/.exec(note.split('\n')[6]?.trim() ?? '')?.[1];
  if (id !== undefined) await Process.run({ command: 'ipcrm', args: ['-m', id] });
}
