/** What the tests of the embedded store share: temporary folders, processes of their own, and waiting for a condition. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Item, Store } from '@hubbub/server/store/store';

export const run = promisify(execFile);

const folders: string[] = [];

/** A folder for one test, removed by `removeFolders`. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hubbub-store-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Waits until `condition` holds; fails after `ms`. */
export async function waitFor(what: string, condition: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function idOf(number: number): string {
  return `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function item(number: number, more: Partial<Item> = {}): Item {
  return { channel: 'room:a', id: idOf(number), from: 'alice', kind: 'message', body: `{"text":"event ${number}"}`, counts: true, ...more };
}

/** All bodies of a channel, in order. */
export async function bodies(store: Store, channel = 'room:a'): Promise<(string | null)[]> {
  const all: (string | null)[] = [];
  for (;;) {
    const { entries } = await store.read(channel, { after: all.length }, 512);
    if (entries.length === 0) return all;
    for (const { body } of entries) all.push(body);
  }
}

/** The same numbers in every run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export interface Ack {
  readonly channel: string;
  readonly offset: number;
  readonly id: string;
}

/** A process that opens a folder and appends to it (store-appender.ts), and what it has said. */
export class Appending {
  readonly process: ChildProcess;
  readonly acks: Ack[] = [];
  readonly notes: string[] = [];
  epoch = '';
  fatal = '';
  refused = '';
  /** The appending process itself, which `before` may have started. */
  #pid: number | undefined;

  /** `before`: a command that runs the process, such as strace; `module`: another copy of the store. */
  constructor(folder: string, { senders = 1, before = [], module }: { senders?: number; before?: string[]; module?: string } = {}) {
    const [command = '', ...args] = [...before, process.execPath, join(import.meta.dirname, 'store-appender.ts'), folder, String(senders)];
    this.process = spawn(command, module === undefined ? args : [...args, module], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (!this.process.stdout) throw new Error('no stdout');
    createInterface({ input: this.process.stdout }).on('line', (line) => this.#onLine(line));
  }

  #onLine(line: string): void {
    const [word, channel = '', offset, id = ''] = line.split(' ');
    const rest = line.slice((word ?? '').length + 1);
    if (word === 'ack') this.acks.push({ channel, offset: Number(offset), id });
    else if (word === 'note') this.notes.push(rest);
    else if (word === 'open') {
      this.epoch = channel;
      this.#pid = Number(offset);
    } else if (word === 'fatal') this.fatal = rest;
    else if (word === 'refused') this.refused = rest;
  }

  /** SIGKILL, as a power cut would end it. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    // `close` and not `exit`: by then every line that it wrote has been read.
    const closed = once(this.process, 'close');
    process.kill(this.#pid ?? this.process.pid ?? 0, 'SIGKILL');
    await closed;
  }
}

/** Where `command` is, or undefined where it is not installed. */
export async function commandPath(command: string): Promise<string | undefined> {
  const found = await run('sh', ['-c', `command -v ${command}`]).catch(() => undefined);
  return found?.stdout.trim() || undefined;
}

/** A skip with its reason, which CI does not accept: what cannot be shown there is not shown at all. */
export function unless(available: boolean, reason: string): { skip?: string } {
  if (available) return {};
  if (process.env.CI === 'true') throw new Error(reason);
  return { skip: reason };
}
