/** The systems under measure: each a process of its own, started fresh and ended with all that it wrote. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Process } from '@hubbub/rig/process';
import type { System } from './dialects.ts';
import { type Command, commandOf } from './peers.ts';

/** A server that listens, in a process of its own. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** What it has complained of. */
  readonly complaints: () => string;
  /** Asks what a preload has put into it, by SIGUSR2. Resolves with what stands behind `word` in the line that comes on stderr. */
  readonly asked: (word: string) => Promise<string>;
}

export interface Running extends Listening {
  readonly system: System;
  /** Of ours: the token of a program that speaks for many, and is not held to the pace of one. */
  readonly serviceKey?: string;
}

export interface StartOptions {
  /** Files that Node loads into the server before it starts. Not for what is not Node. */
  readonly preloads?: readonly string[];
  /** Where it stores; left out: in a folder of its own, which goes with it. */
  readonly folder?: string;
}

const main = resolve(import.meta.dirname, '../../packages/cli/src/main.ts');

/** Starts a server on a free port and an empty folder. Ours is the whole one: command line, node, store on disk. */
export async function startSystem(system: System, { preloads = [], folder }: StartOptions = {}): Promise<Running> {
  await using undo = new AsyncDisposableStack();
  const data = folder ?? temporaryFolder(undo);
  const listening = undo.use(await listen(system === 'hubbub' ? ours(data) : await commandOf(system, data), preloads));
  const all = undo.move();
  return {
    ...listening,
    system,
    ...(system === 'hubbub' && { serviceKey: serviceKeyIn(data) }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Starts what says `listening` and its port. `preloads`: files that Node loads into it before it starts. */
export async function listen({ command, args }: Command, preloads: readonly string[] = []): Promise<Listening> {
  const ready = /listening .*?(\d+)\n/;
  const loading = preloads.length > 0 ? ['--expose-gc', ...preloads.flatMap((preload) => ['--import', preload])] : [];
  const server = await Process.start({ command, args: [...loading, ...args], ready });
  return {
    port: Number(server.match(ready)[1]),
    pid: server.pid,
    complaints: () => server.stderr.trim(),
    asked: (word) => ask(server, word),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A node of ours that keeps in `folder` what is its own; `more`: what it is told besides. */
export function ours(folder: string, more: readonly string[] = []): Command {
  return { command: process.execPath, args: [main, 'serve', '--port', '0', '--data', folder, ...more] };
}

/** The token of a program that speaks for many, of the node whose folder it is. */
export function serviceKeyIn(folder: string): string {
  return readFileSync(join(folder, 'service.key'), 'utf8').trim();
}

async function ask(server: Process, word: string): Promise<string> {
  // The last line may be half of one.
  const lines = (): string[] => server.stderr.split('\n').slice(0, -1);
  const answers = (): string[] => lines().flatMap((line) => (line.startsWith(`${word} `) ? line.slice(word.length + 1) : []));
  const before = answers().length;
  server.signal('SIGUSR2');
  await server.until(() => answers().length > before);
  return answers().at(-1) ?? '';
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
