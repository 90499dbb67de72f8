import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { KeptEvent, OutboxStore } from '../outbox-store.ts';

/** Lines that say nothing any more are dropped when there are so many. */
const mostDead = 1_000;

type Entry = KeptEvent | { readonly removed: string };

/**
 * An outbox in a file, for programs on Node: a line for each event that is kept, and one for each that is let go of; synced, so that it
 * survives the machine too. Throws where the file cannot be read or written. A `put` or `remove` that finds no room rejects; the next one
 * that finds some writes what that one was about, too.
 */
export function fileOutbox(path: string): OutboxStore {
  const kept = read(path);
  let dead = 0;
  /** The file ends with a line break, and says what `kept` says. */
  let whole = false;
  const rewrite = (): void => {
    const next = `${path}.new`;
    try {
      writeFileSync(next, [...kept.values()].map(lineOf).join(''), { mode: 0o600, flush: true });
      renameSync(next, path);
      syncFolder(dirname(path));
    } catch (error) {
      // Half of it is of no use to anybody, and takes room.
      rmSync(next, { force: true });
      throw error;
    }
    dead = 0;
    whole = true;
  };
  const write = (entry: Entry): void => {
    // What stands behind half a line could not be read.
    if (!whole || dead > mostDead) return rewrite();
    whole = false;
    append(path, lineOf(entry));
    whole = true;
  };
  // What a crash has torn is gone with this.
  rewrite();
  return {
    load: async () => [...kept.values()],
    put: async (event) => {
      if (kept.has(event.id)) dead += 1;
      kept.set(event.id, event);
      write(event);
    },
    remove: async (id) => {
      if (!kept.delete(id)) return;
      dead += 2;
      write({ removed: id });
    },
  };
}

function lineOf(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** All of the line in one write, synced. Throws where a part of it found no room. */
function append(path: string, line: string): void {
  const bytes = Buffer.from(line);
  const file = openSync(path, 'a', 0o600);
  try {
    const written = writeSync(file, bytes);
    if (written < bytes.length) throw new Error(`${path}: ${written} of ${bytes.length} bytes were written`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the names in a folder last. Windows opens none, and needs no such thing. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function read(path: string): Map<string, KeptEvent> {
  const kept = new Map<string, KeptEvent>();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return kept;
    throw error;
  }
  // Behind the last line break there is at most half a line.
  for (const line of text.split('\n').slice(0, -1)) {
    const entry = entryOf(line);
    if (!entry) continue;
    if ('removed' in entry) kept.delete(entry.removed);
    else kept.set(entry.id, entry);
  }
  return kept;
}

/** What a line says; undefined where that cannot be read: the others are to be found all the same. */
function entryOf(line: string): Entry | undefined {
  try {
    const entry = JSON.parse(line) as { readonly [Name in keyof KeptEvent | 'removed']?: unknown } | null;
    if (typeof entry?.removed === 'string') return { removed: entry.removed };
    const { id, channel, text, user } = entry ?? {};
    if (typeof id !== 'string' || typeof channel !== 'string' || typeof text !== 'string') return undefined;
    return { id, channel, text, ...(typeof user === 'string' && { user }) };
  } catch {
    return undefined;
  }
}
