import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import type { KeptEvent, OutboxStore } from '../outbox-store.ts';

/** Lines that say nothing any more are dropped when there are so many. */
const mostDead = 1_000;

/**
 * An outbox in a file, for programs on Node: a line for each event that is kept, and one for each that is let go of; synced, so that it
 * survives the machine too. Throws where the file cannot be read or written.
 */
export function fileOutbox(path: string): OutboxStore {
  const kept = read(path);
  let dead = 0;
  const rewrite = (): void => {
    const next = `${path}.new`;
    writeFileSync(next, [...kept.values()].map((event) => `${JSON.stringify(event)}\n`).join(''), { mode: 0o600, flush: true });
    renameSync(next, path);
    dead = 0;
  };
  // What a crash has torn is gone with this.
  rewrite();
  const append = (line: object): void => {
    const file = openSync(path, 'a', 0o600);
    try {
      writeSync(file, `${JSON.stringify(line)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  };
  return {
    load: async () => [...kept.values()],
    put: async (event) => {
      kept.set(event.id, event);
      append(event);
    },
    remove: async (id) => {
      if (!kept.delete(id)) return;
      dead += 2;
      if (dead > mostDead) rewrite();
      else append({ removed: id });
    },
  };
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
    const entry = JSON.parse(line) as KeptEvent | { readonly removed: string };
    if ('removed' in entry) kept.delete(entry.removed);
    else kept.set(entry.id, entry);
  }
  return kept;
}
