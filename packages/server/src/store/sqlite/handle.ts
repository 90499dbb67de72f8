/** The store as its callers see it: two workers behind one interface, and the newest pair that they have answered. */
import { resolve } from 'node:path';
import {
  type Appended,
  type Checked,
  type FactPage,
  type FactQuery,
  type Heads,
  type Item,
  type LongWork,
  type Moved,
  type Page,
  type Pair,
  type Powers,
  type Range,
  type Store,
  StoreError,
} from '../store.ts';
import type { CheckerCalls, ReaderCalls, Ready, WriterCalls } from './calls.ts';
import type { CallOptions, Link } from './link.ts';

export interface Parts {
  readonly writer: Link<WriterCalls>;
  readonly reader: Link<ReaderCalls>;
  /** Starts the worker of one check. */
  readonly checker: () => Link<CheckerCalls>;
  readonly ready: Ready;
  readonly deadlineMs: number;
  /** Why nothing is answered any more; undefined while all is well. */
  readonly stopped: () => string | undefined;
}

export class SqliteStore implements Store {
  readonly cluster: string;
  readonly powers: Powers;
  readonly #writer: Link<WriterCalls>;
  readonly #reader: Link<ReaderCalls>;
  readonly #checker: () => Link<CheckerCalls>;
  readonly #stopped: () => string | undefined;
  readonly #append: CallOptions;
  readonly #else: CallOptions;
  #known: Pair;
  #backingUp = false;
  readonly #checking = new Set<Link<CheckerCalls>>();
  #closed: Promise<void> | undefined;

  constructor({ writer, reader, checker, ready, deadlineMs, stopped }: Parts) {
    this.#writer = writer;
    this.#reader = reader;
    this.#checker = checker;
    this.#stopped = stopped;
    this.#append = { lost: 'unknown', deadline: deadlineMs };
    this.#else = { lost: 'unavailable', deadline: deadlineMs };
    this.cluster = ready.id;
    this.#known = { epoch: ready.epoch, mark: ready.mark };
    this.powers = {
      renewable: { renew: (from) => this.#renew(from), heard: (pair) => this.#heard(pair) },
      backup: { backup: (path, work) => this.#backup(path, work) },
      checkable: { check: (report, work) => this.#check(report, work) },
    };
  }

  async append(items: readonly Item[]): Promise<Appended> {
    this.#ready();
    const appended = await this.#writer.call('append', { items, known: this.#known }, this.#append);
    this.learn(appended);
    return appended;
  }

  read(channel: string, range: Range, limit: number): Promise<Page> {
    return this.#reading('read', { channel, range, limit });
  }

  heads(channels: readonly string[]): Promise<Heads> {
    return this.#reading('heads', { channels });
  }

  moved(since: string | undefined, limit: number): Promise<Moved> {
    return this.#reading('moved', { since, limit });
  }

  facts(query: FactQuery, limit: number, from?: string): Promise<FactPage> {
    return this.#reading('facts', { query, limit, from });
  }

  async trim(channel: string, first: number): Promise<Pair> {
    this.#ready();
    const pair = await this.#writer.call('trim', { channel, first, known: this.#known }, { lost: 'unavailable' });
    this.learn(pair);
    return pair;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Takes in a pair that a worker told of. An answer that was overtaken, even by a new epoch, brings nothing back. */
  learn({ epoch, mark }: Pair): void {
    if (Number(mark) > Number(this.#known.mark)) this.#known = { epoch, mark };
  }

  /** An answer is compared with what was known when it was asked for: two that overlap may overtake each other. */
  async #reading<Name extends 'read' | 'heads' | 'moved' | 'facts'>(
    name: Name,
    input: ReaderCalls[Name]['input'],
  ): Promise<ReaderCalls[Name]['output']> {
    this.#ready();
    const known = this.#known;
    const answer = await this.#reader.call(name, input, this.#else);
    if (Number(answer.mark) < Number(known.mark)) {
      throw new StoreError('rolled_back', `the history ends at commit ${answer.mark}, ${known.mark} was acknowledged`);
    }
    this.learn(answer);
    return answer;
  }

  async #renew(from: string): Promise<Pair> {
    this.#ready();
    const pair = await this.#writer.call('renew', { from, known: this.#known }, this.#else);
    this.learn(pair);
    return pair;
  }

  async #backup(path: string, { progress, signal }: LongWork = {}): Promise<{ bytes: number }> {
    this.#ready();
    if (signal?.aborted) throw new StoreError('unavailable', 'nobody waits for the backup any more');
    // Two at a time would only slow each other down.
    if (this.#backingUp) throw new StoreError('conflict', 'another backup is under way');
    this.#backingUp = true;
    // The copy goes on in pieces, so the worker hears this between two of them; what has been called has its own answer.
    const end = (): void => void this.#writer.call('endBackup', null, this.#else).catch(() => {});
    signal?.addEventListener('abort', end, { once: true });
    try {
      const options: CallOptions = { lost: 'unavailable', progress: (done) => progress?.(Number(done)) };
      return await this.#writer.call('backup', { path: resolve(path) }, options);
    } finally {
      signal?.removeEventListener('abort', end);
      this.#backingUp = false;
    }
  }

  /** A worker of its own: a check takes as long as the log is long. */
  async #check(report: (problem: string) => void, { progress, signal }: LongWork = {}): Promise<Checked> {
    this.#ready();
    if (signal?.aborted) throw new StoreError('unavailable', 'nobody waits for the check any more');
    const checker = this.#checker();
    const end = (): void => void checker.terminate();
    signal?.addEventListener('abort', end, { once: true });
    this.#checking.add(checker);
    try {
      const told = (value: number | string): void => (typeof value === 'number' ? progress?.(value) : report(value));
      return await checker.call('check', null, { lost: 'unavailable', progress: told });
    } finally {
      signal?.removeEventListener('abort', end);
      this.#checking.delete(checker);
      await checker.terminate();
    }
  }

  #heard(pair: Pair): void {
    if (pair.epoch === this.#known.epoch && Number.isSafeInteger(Number(pair.mark))) this.learn(pair);
  }

  #ready(): void {
    if (this.#closed !== undefined) throw new StoreError('unavailable', 'the store is closed');
    const why = this.#stopped();
    if (why !== undefined) throw new StoreError('unavailable', why);
  }

  /** Readers first: the last connection to close takes the WAL into the main file, and that has to be the writer's. */
  async #close(): Promise<void> {
    const end = async (link: Link<ReaderCalls> | Link<WriterCalls>, call: () => Promise<null>): Promise<void> => {
      const answered = call();
      link.expectEnd();
      // A worker that has died, or hangs, has nothing left to say; close is no place to fail.
      await answered.catch(() => undefined);
      await link.terminate();
    };
    await Promise.all([...this.#checking].map((checker) => checker.terminate()));
    await end(this.#reader, () => this.#reader.call('close', null, this.#else));
    await end(this.#writer, () => this.#writer.call('close', null, this.#else));
  }
}
