import { type ChildProcess, spawn } from 'node:child_process';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The line on stdout that says it is ready. */
  readonly ready?: RegExp;
  /** How long that may take, in milliseconds. */
  readonly patience?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that we have started. It is ended by its id, and waited for: nothing is left behind. */
export class Process {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';
  readonly #listeners = new Set<() => void>();

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      for (const run of this.#listeners) run();
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    // Whoever waits for it hears of it; whoever does not must not be ended by it.
    this.exited.catch(() => {});
  }

  /** Starts a process and waits for its ready line, if there is one to wait for. Throws with its output when it ends before. */
  static async start({ command, args, cwd, env, ready, patience = 30_000 }: ProcessOptions): Promise<Process> {
    const child = spawn(command, args, { cwd, env: env ? { ...process.env, ...env } : process.env, stdio: ['ignore', 'pipe', 'pipe'] });
    const started = new Process(child);
    if (ready) await started.#becomesReady(ready, patience);
    return started;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The first match in what it has printed. */
  match(pattern: RegExp): RegExpExecArray {
    const found = pattern.exec(this.#stdout);
    if (!found) throw new Error(`${pattern} is not in its output:\n${this.#stdout}`);
    return found;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends the signal and waits for the end. A process that has ended already is fine. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.#child.kill(signal);
    return this.exited;
  }

  async #becomesReady(ready: RegExp, patience: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const line = new Promise<void>((resolve) => {
      const look = (): void => {
        if (ready.test(this.#stdout)) resolve();
      };
      this.#listeners.add(look);
      look();
    });
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('not ready in time')), patience);
    });
    const ended = this.exited.then(({ code, signal }) => {
      throw new Error(`ended (${code ?? signal}) before it was ready`);
    });
    try {
      await Promise.race([line, late, ended]);
    } catch (error) {
      await this.kill();
      throw new Error(`${error instanceof Error ? error.message : error}\n${this.#stdout}${this.#stderr}`);
    } finally {
      clearTimeout(timer);
      this.#listeners.clear();
    }
  }
}
