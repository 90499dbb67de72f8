import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Admin, HubbubError } from '@hubbub/client';
import { dataFolder } from '@hubbub/server/config';
import { backupStore, checkStore, type FolderWork, renewStore, StartError, trimStore } from '@hubbub/server/main';
import { CommandError } from './fail.ts';
import { holderOf } from './lock-holder.ts';
import { connectTo, type TargetOptions } from './target.ts';

/** Who looks after a data folder: the server that runs on it, or, where none does, this process alone. */
export interface Keeper {
  backup(file: string, progress: (done: number) => void): Promise<{ path: string; bytes: number }>;
  check(report: (problem: string) => void, progress: (done: number) => void): Promise<Checked>;
  trim(channel: string, before: string): Promise<{ first: number }>;
  epoch(): Promise<{ epoch: string }>;
}

export interface Checked {
  readonly channels: number;
  readonly events: number;
  readonly facts: number;
  readonly problems: number;
}

const note = (text: string): void => void process.stderr.write(`hubbub: ${text}\n`);

/** Does one thing to the folder, whoever keeps it. A signal breaks it off, so that nothing half done is left. Throws CommandError. */
export async function keep<Result>(options: TargetOptions, work: (keeper: Keeper) => Promise<Result>): Promise<Result> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  // Once each: whoever asks twice does not want to wait.
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    if (options.url !== undefined || serverRuns(dataFolder(options.data))) return await throughServer(options, stop.signal, work);
    return await work(onFolder(options.data, { note, signal: stop.signal }));
  } catch (error) {
    throw stop.signal.aborted ? new CommandError('broken off') : commandError(error);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** A killed server leaves its record, and its number may be another process's by now: only who holds the folder's lock runs on it. */
export function serverRuns(data: string): boolean {
  let pid: unknown;
  let embedded: unknown;
  try {
    ({ pid, embedded } = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { pid?: unknown; embedded?: unknown });
  } catch {
    return false;
  }
  if (typeof pid !== 'number' || !isAlive(pid)) return false;
  // Where the log is elsewhere nobody holds the folder.
  return embedded === false || process.platform !== 'linux' || holderOf(join(data, 'lock.sqlite')) !== undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function throughServer<Result>(
  options: TargetOptions,
  signal: AbortSignal,
  work: (keeper: Keeper) => Promise<Result>,
): Promise<Result> {
  const { client, trouble } = connectTo(options, note);
  const stopped = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
  try {
    return await Promise.race([work(overLink(client.admin)), trouble, stopped]);
  } finally {
    // The server breaks off what goes on.
    client.close();
  }
}

function overLink(admin: Admin): Keeper {
  return {
    // The server may run elsewhere: a name is meant from here.
    backup: (file, onProgress) => admin.backup(resolve(file), { onProgress }),
    check: async (report, onProgress) => {
      let told = 0;
      const onProblem = (text: string): void => {
        told += 1;
        report(text);
      };
      const checked = await admin.check({ onProblem, onProgress });
      if (told < checked.problems) report(`${checked.problems - told} more: with the server stopped, check shows all`);
      return checked;
    },
    trim: (channel, before) => admin.trim(channel, before),
    epoch: () => admin.epoch(),
  };
}

function onFolder(data: string, work: FolderWork): Keeper {
  return {
    backup: (file, progress) => backupStore(data, file, { ...work, progress }),
    check: (report, progress) => checkStore(data, report, { ...work, progress }),
    trim: (channel, before) => trimStore(data, channel, before, work),
    epoch: () => renewStore(data, work),
  };
}

function commandError(error: unknown): unknown {
  if (error instanceof StartError) return new CommandError(error.message, error.exitCode);
  if (!(error instanceof HubbubError)) return error;
  if (error.code === 'link_lost') return new CommandError('the link was lost before there was an answer: it may be done or not');
  return new CommandError(`${error.message} (${error.code})`);
}
