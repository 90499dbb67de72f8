import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** What on stdout says that it is ready. */
  readonly ready?: RegExp;
  /** How long that may take, in milliseconds. */
  readonly patience?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<ChildProcess>();
/** A test that is broken off must not leave what it started; nothing but this can still be done then. */
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process that we have started. It is ended by its id and waited for: `await using` leaves nothing behind. */
export class Process implements AsyncDisposable {
  /** How it ended, once all that it wrote has been read. Rejects if it could not be started. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  #stdout = '';
  #stderr = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    running.add(child);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#changed();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#changed();
    });
    this.exited = new Promise<Exit>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    }).finally(() => running.delete(child));
    // Whoever waits for it hears of it; whoever does not must not be ended by it.
    this.exited.catch(() => {});
  }

  /** Starts a process and waits for its ready line, if there is one to wait for. Throws with its output when it ends before. */
  static async start({ command, args, cwd, env, ready, patience }: ProcessOptions): Promise<Process> {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const started = new Process(child);
    if (ready === undefined) return started;
    try {
      await started.until(() => ready.test(started.stdout), patience);
      return started;
    } catch (error) {
      await started.kill().catch(() => {});
      throw error;
    }
  }

  /** Runs a process to its end. */
  static async run(options: Omit<ProcessOptions, 'ready' | 'patience'>): Promise<Exit & { stdout: string; stderr: string }> {
    const started = await Process.start(options);
    const exit = await started.exited;
    return { ...exit, stdout: started.stdout, stderr: started.stderr };
  }

  /** 0 where it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What the system says of it: `R`, `S`, `T` (stopped), …; undefined: there is none. */
  get state(): string | undefined {
    try {
      return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
    } catch {
      return undefined;
    }
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves as soon as `condition` holds, asked whenever it has written. Throws with its output when it ends before, or after `patience` ms. */
  async until(condition: () => boolean, patience = 30_000): Promise<void> {
    const waiting = Promise.withResolvers<void>();
    const look = (): void => {
      if (condition()) waiting.resolve();
    };
    // The end says most, and all of it may be megabytes.
    const fail = (why: string): void => waiting.reject(new Error(`${why}\n${this.#stdout.slice(-8_000)}${this.#stderr.slice(-8_000)}`));
    const timer = setTimeout(() => fail(`not within ${patience} ms`), patience);
    this.#listeners.add(look);
    this.exited.then(
      ({ code, signal }) => {
        // Its last words may have been the ones waited for.
        look();
        fail(`ended (${code ?? signal}) before it came to that`);
      },
      (error: unknown) => fail(String(error)),
    );
    look();
    try {
      await waiting.promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(look);
    }
  }

  /** The first match in what it has printed. */
  match(pattern: RegExp): RegExpExecArray {
    const found = pattern.exec(this.#stdout);
    if (!found) throw new Error(`${pattern} is not in its output:\n${this.#stdout}${this.#stderr}`);
    return found;
  }

  /** Reads what it prints, or does not: then a pipe is all that it can fill. */
  read(on: boolean): void {
    if (on) this.#child.stdout?.resume();
    else this.#child.stdout?.pause();
  }

  /** Sends a signal, to this process alone. One that has ended already is fine. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.#child.kill(signal);
    return this.exited;
  }

  /** A stopped process hears nothing but SIGKILL. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill().catch(() => {});
  }

  #changed(): void {
    for (const run of this.#listeners) run();
  }
}
