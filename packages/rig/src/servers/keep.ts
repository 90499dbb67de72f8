import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { execPath } from 'node:process';

const kept = new Set<string>();
let keeper: ChildProcess | undefined;

/** Has `folder` and the processes `heads` cleared away when this process ends, whatever ends it. Again: other heads. */
export function keep(folder: string, heads: readonly number[]): void {
  kept.add(folder);
  keeper ??= startKeeper();
  tell({ folder, heads });
}

/** It is gone already. Resolves when, after the last one, the keeper is gone too. */
export async function forget(folder: string): Promise<void> {
  tell({ folder });
  kept.delete(folder);
  const last = keeper;
  if (kept.size > 0 || last === undefined) return;
  keeper = undefined;
  const ended = once(last, 'exit');
  last.ref();
  last.stdin?.end();
  await ended;
}

function startKeeper(): ChildProcess {
  // A session of its own: what a terminal says to us is not for it. Silent: an open pipe of ours would hold up who reads it.
  const child = spawn(execPath, [join(import.meta.dirname, 'keeper.ts')], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Alone it is no reason for this process to stay.
  child.unref();
  const pipe = child.stdin as (NodeJS.WritableStream & { unref?: () => void }) | null;
  pipe?.unref?.();
  pipe?.on('error', () => {});
  return child;
}

/** Short lines on a pipe are in the kernel when this returns, so that the next instruction may be the last. */
function tell(line: { folder: string; heads?: readonly number[] }): void {
  keeper?.stdin?.write(`${JSON.stringify(line)}\n`);
}
