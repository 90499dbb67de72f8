import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { familyOf, signalAll, stopAll } from './family.ts';
import { forget, keep } from './keep.ts';
import { clearAway, endServer } from './remains.ts';
import type { RealServer, ServerName } from './server.ts';
import type { User } from './unprivileged.ts';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to ours. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What differs between servers. All paths lie in `folder`; what it keeps over a restart lies in `folder`/data. */
export interface Recipe {
  readonly name: ServerName;
  readonly url: string;
  readonly port: number;
  /** Who it shall run as, where that is not who we are. */
  readonly user?: User | undefined;
  /** Before its first start, and after its data have been thrown away: files, and a program that makes the data folder. */
  prepare?(folder: string): Command | undefined;
  /** What must run before it and beside it. */
  beside?(folder: string): Command;
  main(folder: string): Command;
  /** One request; rejects while it does not answer. */
  answers(folder: string): Promise<unknown>;
}

const patience = 60_000;

/** A server that we have started, from its recipe. */
export class OwnServer implements RealServer {
  readonly folder: string;
  readonly #recipe: Recipe;
  readonly #children = new Set<ChildProcess>();
  #main: ChildProcess | undefined;

  private constructor(recipe: Recipe) {
    this.#recipe = recipe;
    this.folder = mkdtempSync(join(tmpdir(), `hubbub-${recipe.name}-`));
    keep(this.folder, []);
    if (recipe.user) chownSync(this.folder, recipe.user.uid, recipe.user.gid);
  }

  /** Makes its folder and starts it. Leaves nothing behind when that fails. */
  static async open(recipe: Recipe): Promise<OwnServer> {
    const server = new OwnServer(recipe);
    try {
      await server.#prepare();
      await server.start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get name(): ServerName {
    return this.#recipe.name;
  }

  get url(): string {
    return this.#recipe.url;
  }

  get port(): number {
    return this.#recipe.port;
  }

  get pid(): number {
    return this.#main?.pid ?? 0;
  }

  async start(): Promise<void> {
    if (this.#main !== undefined) throw new Error(`${this.name} runs already`);
    const { beside } = this.#recipe;
    if (beside !== undefined) this.#run(beside(this.folder));
    const main = this.#run(this.#recipe.main(this.folder));
    this.#main = main;
    const deadline = performance.now() + patience;
    for (;;) {
      const missing = await this.#recipe.answers(this.folder).then(
        () => undefined,
        (error: unknown) => String(error),
      );
      // Also when somebody answers: on our port it might be another one.
      if (this.#main !== main) throw new Error(`${this.name} ended while it started\n${this.log.slice(-4_000)}`);
      if (missing === undefined) return;
      if (performance.now() > deadline) throw new Error(`${this.name} does not answer: ${missing}\n${this.log.slice(-4_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async kill(): Promise<void> {
    const ended = [...this.#children].map((child) => once(child, 'exit'));
    await endServer(this.folder, this.#heads());
    await Promise.all(ended);
  }

  async empty(): Promise<void> {
    await this.kill();
    rmSync(join(this.folder, 'data'), { recursive: true, force: true });
    await this.#prepare();
    await this.start();
  }

  pause(): void {
    // First those that fork: none of theirs is missed then.
    stopAll(this.#heads());
    stopAll(familyOf(this.folder, this.#heads()));
  }

  resume(): void {
    signalAll(familyOf(this.folder, this.#heads()), 'SIGCONT');
  }

  /** Sends a signal to the main process alone. */
  signal(signal: NodeJS.Signals): void {
    this.#main?.kill(signal);
  }

  /** All that it has written, over all its starts. */
  get log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await clearAway(this.folder, []);
    await forget(this.folder);
  }

  get #logFile(): string {
    return join(this.folder, 'log');
  }

  #heads(): number[] {
    return [...this.#children].flatMap(({ pid }) => pid ?? []);
  }

  async #prepare(): Promise<void> {
    const { user, prepare } = this.#recipe;
    mkdirSync(join(this.folder, 'data'), { mode: 0o700 });
    if (user) chownSync(join(this.folder, 'data'), user.uid, user.gid);
    const command = prepare?.call(this.#recipe, this.folder);
    if (command === undefined) return;
    const child = this.#run(command);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    if (child.exitCode !== 0)
      throw new Error(`${command.command} failed (${child.exitCode ?? child.signalCode})\n${this.log.slice(-4_000)}`);
  }

  #run({ command, args, env }: Command): ChildProcess {
    // To a file: a pipe of ours would fill up, or end the server when we end.
    const log = openSync(this.#logFile, 'a');
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...process.env, ...env },
      // A group of its own: what a terminal says to us is not for it.
      detached: true,
      stdio: ['ignore', log, log],
      ...this.#recipe.user,
    });
    closeSync(log);
    this.#children.add(child);
    const gone = (): void => {
      this.#children.delete(child);
      if (this.#main === child) this.#main = undefined;
      keep(this.folder, this.#heads());
    };
    child.once('exit', gone).once('error', gone);
    keep(this.folder, this.#heads());
    return child;
  }
}
