/** The systems under measure: each a process of its own, started fresh and ended with all that it wrote. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Process } from '@hubbub/rig/process';
import type { System } from './dialects.ts';
import { type Command, commandOf } from './peers.ts';

export interface Running extends AsyncDisposable {
  readonly system: System;
  readonly port: number;
  readonly pid: number;
  /** What it has complained of. */
  readonly complaints: () => string;
}

const main = resolve(import.meta.dirname, '../../packages/cli/src/main.ts');

/** Starts a server on a free port and an empty folder. Ours is the whole one: command line, node, store on disk. */
export async function startSystem(system: System): Promise<Running> {
  await using undo = new AsyncDisposableStack();
  const folder = temporaryFolder(undo);
  const ready = /listening .*?(\d+)\n/;
  const server = undo.use(await Process.start({ ...(system === 'hubbub' ? ours(folder) : await commandOf(system, folder)), ready }));
  const all = undo.move();
  return {
    system,
    port: Number(server.match(ready)[1]),
    pid: server.pid,
    complaints: () => server.stderr.trim(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function ours(folder: string): Command {
  return { command: process.execPath, args: [main, 'serve', '--port', '0', '--data', folder] };
}

/** A folder that goes with the stack, or with the process if it is broken off. */
export function temporaryFolder(undo: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), 'hubbub-bench-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  undo.defer(() => {
    process.off('exit', remove);
    remove();
  });
  return folder;
}
