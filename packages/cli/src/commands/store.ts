/** What is done to a data folder as a whole, while no server runs on it. */
import { backupStore, checkStore, restoreStore, StartError } from '@hubbub/server/main';
import { CommandError } from '../fail.ts';
import { plain } from '../line.ts';
import { type Progress, showProgress } from '../progress.ts';

export interface StoreOptions {
  readonly data: string;
}

const note = (text: string): void => void process.stderr.write(`hubbub: ${text}\n`);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Prints each problem, then what was read; ends with 1 when there is one. */
export async function check({ data }: StoreOptions): Promise<void> {
  const { channels, events, facts, problems } = await refusable(() => checkStore(data, (problem) => print(plain(problem)), note));
  print(`${channels} channels, ${events} events, ${facts} facts, ${problems} problems`);
  process.exitCode = problems > 0 ? 1 : 0;
}

/** Writes a copy of the store to a file that is not there yet. */
export async function backup(file: string, { data }: StoreOptions): Promise<void> {
  named(file);
  const percent = new Percent();
  try {
    const { path, bytes } = await refusable(() => backupStore(data, file, (done) => percent.reach(done), note));
    percent.end();
    print(`${bytes} bytes in ${path}`);
  } finally {
    percent.stop();
  }
}

/** Replaces the store by a backup of it, or of another. */
export async function restore(file: string, { data }: StoreOptions): Promise<void> {
  named(file);
  await refusable(async () => restoreStore(data, file));
  print(`${data} holds what ${file} holds; its history is a new one, so clients reload`);
}

/** Progress that is told as a part of the whole; nothing is shown before there is some, so that a refusal stands alone. */
class Percent {
  #shown: Progress | undefined;
  #at = 0;

  reach(part: number): void {
    this.#shown ??= showProgress(100, 'percent');
    for (; this.#at < Math.floor(part * 100); this.#at++) this.#shown.done();
  }

  /** The last step is not told of. */
  end(): void {
    if (this.#shown) this.reach(1);
    this.stop();
  }

  stop(): void {
    this.#shown?.stop();
    this.#shown = undefined;
  }
}

/** An empty name would mean the folder that one happens to be in. */
function named(file: string): void {
  if (file === '') throw new CommandError('FILE: the name of a file, such as hubbub.backup', 2);
}

async function refusable<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StartError ? new CommandError(error.message, error.exitCode) : error;
  }
}
