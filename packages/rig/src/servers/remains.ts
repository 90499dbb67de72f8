import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Process } from '../process.ts';
import { endFamily } from './family.ts';

/** Removes all that there is of a server: its processes, what the kernel keeps for them, and its folder. */
export async function clearAway(folder: string, heads: readonly number[]): Promise<void> {
  await endServer(folder, heads);
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Ends all processes of a server, and frees the memory that the kernel keeps for them. At once, though a restart would find it: the note
 * that names it is gone where somebody puts other data in the place of these.
 */
export async function endServer(folder: string, heads: readonly number[]): Promise<void> {
  await endFamily(folder, heads);
  await freeSegment(folder);
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
