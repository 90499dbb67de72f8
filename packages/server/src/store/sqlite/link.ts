/** One end of a call to a worker: numbers, answers, deadlines, and what becomes of a call whose worker dies. */
import type { Worker } from 'node:worker_threads';
import { type Pair, StoreError } from '../store.ts';
import type { Answer, CallsOf, Ready } from './calls.ts';
import type { OpenCode } from './errors.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly progress: ((value: number | string) => void) | undefined;
  readonly lost: 'unknown' | 'unavailable';
  readonly timer: NodeJS.Timeout | undefined;
}

export interface LinkSinks {
  /** The worker has found something that nobody can go on from, or has died. */
  readonly onFatal: (text: string) => void;
  readonly onNote: (text: string) => void;
  /** The worker told of another history while it refused a call. */
  readonly onPair: (pair: Pair) => void;
  readonly onReady?: (ready: Ready) => void;
  readonly onRefused?: (code: OpenCode, text: string) => void;
}

export interface CallOptions {
  /** What a call is whose answer never comes. */
  readonly lost: 'unknown' | 'unavailable';
  /** Left out: it may take as long as it takes, as long as the worker lives. */
  readonly deadline?: number;
  readonly progress?: (value: number | string) => void;
}

export class Link<Calls extends CallsOf<Calls>> {
  readonly #worker: Worker;
  readonly #sinks: LinkSinks;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #over = false;

  constructor(worker: Worker, sinks: LinkSinks) {
    this.#worker = worker;
    this.#sinks = sinks;
    worker.on('message', (answer: Answer) => this.#onAnswer(answer));
    worker.on('error', (error) => this.#end(error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => this.#end('it has ended'));
  }

  call<Name extends keyof Calls>(name: Name, input: Calls[Name]['input'], options: CallOptions): Promise<Calls[Name]['output']> {
    if (this.#over) return Promise.reject(new StoreError('unavailable', 'the store has stopped'));
    const call = ++this.#calls;
    const { lost, deadline, progress } = options;
    return new Promise<unknown>((resolve, reject) => {
      const late = (): void => this.#take(call)?.reject(new StoreError(lost, `the store gave no answer within ${deadline} ms`));
      const timer = deadline === undefined ? undefined : setTimeout(late, deadline);
      this.#waiting.set(call, { resolve, reject, progress, lost, timer });
      this.#worker.postMessage({ call, name, input });
    }) as Promise<Calls[Name]['output']>;
  }

  /** Ends the worker, after its last answer. */
  async terminate(): Promise<void> {
    this.#over = true;
    await this.#worker.terminate();
  }

  /** From now on the worker's end is no failure. */
  expectEnd(): void {
    this.#over = true;
  }

  #take(call: number): Waiting | undefined {
    const waiting = this.#waiting.get(call);
    if (waiting) {
      this.#waiting.delete(call);
      clearTimeout(waiting.timer);
    }
    return waiting;
  }

  #onAnswer(answer: Answer): void {
    if ('value' in answer) this.#take(answer.call)?.resolve(answer.value);
    else if ('progress' in answer) this.#waiting.get(answer.call)?.progress?.(answer.progress);
    else if ('code' in answer) {
      if (answer.pair) this.#sinks.onPair(answer.pair);
      this.#take(answer.call)?.reject(new StoreError(answer.code, answer.text));
    } else if ('fatal' in answer) this.#sinks.onFatal(answer.fatal);
    else if ('note' in answer) this.#sinks.onNote(answer.note);
    else if ('ready' in answer) this.#sinks.onReady?.(answer.ready);
    else this.#sinks.onRefused?.(answer.refused, answer.text);
  }

  #end(text: string): void {
    for (const call of [...this.#waiting.keys()]) {
      const waiting = this.#take(call);
      waiting?.reject(new StoreError(waiting.lost, `the store's worker is gone: ${text}`));
    }
    if (this.#over) return;
    this.#over = true;
    this.#sinks.onFatal(`a worker of the store is gone: ${text}`);
  }
}
