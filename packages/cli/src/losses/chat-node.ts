import { type Exit, Process } from '@hubbub/rig/process';
import { socketIoChat } from '../../../../bench/src/peers.ts';
import type { SystemNode } from '../prove/fault.ts';

/** A node of a chat on Socket.IO, a process of its own, which is ended and started again on the same port. */
export class ChatNode implements SystemNode, AsyncDisposable {
  readonly #redis: string;
  #process: Process | undefined;
  /** From the first start on. */
  port = 0;

  /** `redis`: where it finds the others. */
  constructor(redis: string) {
    this.#redis = redis;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get state(): string | undefined {
    return this.#process?.state;
  }

  /** Starts it and waits until it listens. Throws with its output when it will not. */
  async start(): Promise<void> {
    const ready = /^listening (\d+)\n/m;
    this.#process = await Process.start({ ...socketIoChat(this.#redis, this.port), ready });
    this.port = Number(this.#process.match(ready)[1]);
  }

  /** Ends it with a signal, and waits for its end. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<Exit> {
    const ending = this.#process;
    if (!ending) throw new Error('no node runs');
    const exit = await ending.kill(signal);
    this.#process = undefined;
    return exit;
  }

  pause(on: boolean): void {
    this.#process?.signal(on ? 'SIGSTOP' : 'SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
  }
}
