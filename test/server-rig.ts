/** What tests of a real server share: the command line in processes of its own, and temporary folders. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Process } from '@hubbub/rig/process';

const main = resolve(import.meta.dirname, '../packages/cli/src/main.ts');

/** What one test starts and makes; `await using` ends and removes all of it. */
export class Stage implements AsyncDisposable {
  readonly #undo = new AsyncDisposableStack();

  folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'hubbub-server-'));
    this.#undo.defer(() => rmSync(path, { recursive: true, force: true }));
    return path;
  }

  /** A server on a free port of this folder, ready. */
  async serve(data: string, ...args: string[]): Promise<RunningServer> {
    const process = await this.start('serve', '--port', '0', '--data', data, '--log-level', 'error', ...args);
    await process.until(() => /^hubbub listening on .*\n/.test(process.stdout));
    const port = Number(process.match(/^hubbub listening on http:\/\/\S+:(\d+)\n/)[1]);
    return { process, port, url: `http://127.0.0.1:${port}`, data };
  }

  /** A command that goes on until it is ended. */
  async start(...args: string[]): Promise<Process> {
    return this.#undo.use(await Process.start({ command: process.execPath, args: [main, ...args] }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }
}

export interface RunningServer {
  readonly process: Process;
  readonly port: number;
  readonly url: string;
  readonly data: string;
}

/** What a server has said on stderr, but for the offer to own it, which every one makes that nobody owns. */
export function complaints({ process }: RunningServer): string {
  return process.stderr.replace(/^hubbub: nobody owns this server yet: .*\n/m, '');
}

/** Makes rooms, as an administrator. */
export async function createRooms(server: RunningServer, ...channels: string[]): Promise<void> {
  for (const channel of channels) {
    const answer = await fetch(`${server.url}/v1/channels/${channel}/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken(server)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'create', body: null }),
    });
    if (!answer.ok) throw new Error(`${channel} cannot be made: ${await answer.text()}`);
  }
}

/** Runs a command to its end. */
export function hubbub(...args: string[]): ReturnType<typeof Process.run> {
  return Process.run({ command: process.execPath, args: [main, ...args] });
}

export function adminToken({ data }: { readonly data: string }): string {
  return readFileSync(join(data, 'admin.token'), 'utf8').trim();
}
