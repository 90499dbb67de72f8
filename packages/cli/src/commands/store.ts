/** What is done to a data folder as a whole. */
import { isChannel } from '@hubbub/protocol/names';
import { parsePosition } from '@hubbub/protocol/position';
import { restoreStore, StartError } from '@hubbub/server/main';
import { CommandError } from '../fail.ts';
import { keep } from '../keeper.ts';
import { plain } from '../line.ts';
import { type Progress, showProgress } from '../progress.ts';
import type { TargetOptions } from '../target.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** Prints each problem, then what was read; ends with 1 when there is one. */
export async function check(target: TargetOptions): Promise<void> {
  const percent = new Percent();
  let found = false;
  const report = (problem: string): void => {
    // A bar would be written over by what is printed.
    percent.stop();
    found = true;
    print(plain(problem));
  };
  // Elsewhere than on a terminal the lines that it prints are for whoever reads them.
  const progress = (done: number): void => {
    if (!found && process.stderr.isTTY) percent.reach(done);
  };
  try {
    const { channels, events, facts, problems } = await keep(target, (keeper) => keeper.check(report, progress));
    percent.stop();
    print(`${channels} channels, ${events} events, ${facts} facts, ${problems} problems`);
    process.exitCode = problems > 0 ? 1 : 0;
  } finally {
    percent.stop();
  }
}

/** Writes a copy of the store to a file that is not there yet. */
export async function backup(file: string, target: TargetOptions): Promise<void> {
  named(file);
  const percent = new Percent();
  try {
    const { path, bytes } = await keep(target, (keeper) => keeper.backup(file, (done) => percent.reach(done)));
    percent.end();
    print(`${bytes} bytes in ${path}`);
  } finally {
    percent.stop();
  }
}

/** Replaces the store by a backup of it, or of another; never under a server that runs. */
export async function restore(file: string, { data }: { readonly data: string }): Promise<void> {
  named(file);
  try {
    restoreStore(data, file);
  } catch (error) {
    throw error instanceof StartError ? new CommandError(error.message, error.exitCode) : error;
  }
  print(`${data} holds what ${file} holds; its history is a new one, so clients reload`);
}

/** Drops the events of a channel below a position. */
export async function trim(channel: string, { before, ...target }: TargetOptions & { readonly before: string }): Promise<void> {
  if (!isChannel(channel)) throw new CommandError(`${channel} is no name of a channel; room:general is one`, 2);
  if (parsePosition(before)?.epoch === undefined) {
    throw new CommandError(`--before ${before}: the position of the first event to keep, OFFSET~EPOCH; tail --json prints positions`, 2);
  }
  const { first } = await keep(target, (keeper) => keeper.trim(channel, before));
  print(`${channel} is kept from ${first} on`);
}

/** Begins a new history; prints its name. */
export async function epoch(target: TargetOptions): Promise<void> {
  const { epoch: name } = await keep(target, (keeper) => keeper.epoch());
  print(name);
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
