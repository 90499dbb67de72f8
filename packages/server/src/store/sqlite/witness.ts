/**
 * The witness: a file beside the database that remembers which file it was and how far it had come. At open it tells an old copy that
 * was put back, and a folder that was copied, from the file that was left here.
 *
 * It may lag, never lead: written after commits, at most once a second, and at close; never synced. Absent, torn or unreadable counts
 * as "another history".
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export interface Witness {
  /** The store's id. */
  readonly id: string;
  readonly inode: string;
  readonly commits: number;
}

export function readWitness(path: string): Witness | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value !== 'object' || value === null || !('id' in value) || !('inode' in value) || !('commits' in value)) return undefined;
    const { id, inode, commits } = value;
    if (typeof id !== 'string' || typeof inode !== 'string' || !Number.isSafeInteger(commits)) return undefined;
    return { id, inode, commits: commits as number };
  } catch {
    return undefined;
  }
}

/** Replaces the witness in one step. On a full disk the old one stays: it lags, which it may. */
export function writeWitness(path: string, witness: Witness): void {
  const next = `${path}.new`;
  try {
    writeFileSync(next, JSON.stringify(witness));
    renameSync(next, path);
  } catch {
    rmSync(next, { force: true });
  }
}

/** Why the history has to be taken for another one than the witness saw, in words; undefined if it is the same. */
export function contradiction(witness: Witness | undefined, found: Witness): string | undefined {
  if (!witness) return 'there is no readable witness of it';
  if (witness.id !== found.id) return 'it is another store than the last one here';
  if (witness.inode !== found.inode) return 'it is a copy of the file that was here';
  if (found.commits < witness.commits) return `it ends ${witness.commits - found.commits} commits before what was already acknowledged`;
  return undefined;
}
