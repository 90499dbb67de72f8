/** The systems under measure: each a process of its own, started fresh and ended with all that it wrote. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Process } from '@hubbub/rig/process';
import type { System } from './dialects.ts';

export interface Running extends AsyncDisposable {
  readonly system: System;
  readonly port: number;
  readonly pid: number;
  /** What it has complained of. */
  readonly complaints: () => string;
}

const peers = resolve(import.meta.dirname, '../peers');
const main = resolve(import.meta.dirname, '../../packages/cli/src/main.ts');

/** Starts a server on a free port. Ours is the whole one, on an empty folder: command line, node, store on disk. */
export async function startSystem(system: System): Promise<Running> {
  await using undo = new AsyncDisposableStack();
  const data = system === 'hubbub' ? temporaryFolder(undo) : '';
  const args = system === 'hubbub' ? [main, 'serve', '--port', '0', '--data', data] : [join(peers, `${system}.ts`)];
  const ready = /listening .*?(\d+)\n/;
  const server = undo.use(await Process.start({ command: process.execPath, args, ready }));
  const all = undo.move();
  return {
    system,
    port: Number(server.match(ready)[1]),
    pid: server.pid,
    complaints: () => server.stderr.trim(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
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

/** Installs the peers, once: they are no dependency of the project. Throws with npm's words when that fails. */
export async function installPeers(say: (text: string) => void): Promise<void> {
  if (existsSync(join(peers, 'node_modules'))) return;
  say('installing the peers');
  const { code, stdout, stderr } = await Process.run({ command: 'npm', args: ['ci', '--no-audit', '--no-fund'], cwd: peers });
  if (code === 0) return;
  // Half of an installation must not be taken for one at the next run.
  rmSync(join(peers, 'node_modules'), { recursive: true, force: true });
  throw new Error(`npm ci in bench/peers failed:\n${stdout}${stderr}`);
}
