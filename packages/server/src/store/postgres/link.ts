/** One connection to the server at a time. */
import { setTimeout as pause } from 'node:timers/promises';
import type postgres from 'postgres';
import { StoreError } from '../store.ts';
import { type Client, end, hostsOf, openClient, stand } from './client.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface LinkOptions {
  readonly url: string;
  readonly schema: string;
  /** How long an answer may take, in milliseconds. The server gives up a little earlier, by itself. */
  readonly deadlineMs: number;
  /** Settings of the session besides. */
  readonly settings: Readonly<Record<string, string>>;
  /** What no synchronous standby has is not answered. */
  readonly replicated: boolean;
  /** A connection that stood has broken. */
  readonly onBroken: () => void;
}

const lockTimeout = 2_000;
const idleInTransaction = 5_000;
/** How long a client may take until it has answered for the first time, at most. */
const longestPatienceMs = 2_000;
const longestPauseMs = 1_000;

interface Call extends PromiseWithResolvers<readonly Row[]> {
  readonly text: string;
  readonly parameters: readonly unknown[];
}

/**
 * Clients of the database with one connection each, one after the other; of what is asked, one thing at a time, in order. A client that
 * has not answered in time is thrown away: a server that is stopped, or cut off, keeps its connections open, and whoever waits on them
 * waits for ever. So is one that has lost its connection. postgres.js 3.4.9 would connect again by itself, but where something was waiting
 * to be written it never writes anything again (its `nextWriteTimer` stays set), a question that comes between the error and the end of a
 * connection is never answered, and what it has queued by itself it asks over the new connection, whoever has given it up.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #hosts: readonly string[];
  /** The one that is in use, or is to be tried next. */
  #host = 0;
  /** Times in a row that none answered. */
  #failures = 0;
  /** The client that has answered. */
  #standing: Client | undefined;
  /** Not sent yet. */
  readonly #waiting = new Set<Call>();
  #working = false;
  /** Fails what has been sent. */
  #fail: ((error: Error) => void) | undefined;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#hosts = hostsOf(options.url);
  }

  /** Calls that are not answered yet. */
  get busy(): number {
    return this.#waiting.size + Number(this.#working);
  }

  /**
   * Runs a statement. Rejects with what the driver says, or StoreError: `unknown` when there was no answer in time, or the connection was
   * lost; `unavailable` when it was not sent.
   */
  run<Result extends Row>(text: string, parameters: readonly unknown[] = []): Promise<readonly Result[]> {
    if (this.#closed) return Promise.reject(new StoreError('unavailable', 'the store is closed'));
    const { deadlineMs } = this.#options;
    const call: Call = { text, parameters, ...Promise.withResolvers<readonly Row[]>() };
    this.#waiting.add(call);
    const timer = setTimeout(() => {
      if (this.#waiting.delete(call)) call.reject(new StoreError('unavailable', `its turn did not come within ${deadlineMs} ms`));
    }, deadlineMs);
    void this.#work();
    return call.promise.finally(() => clearTimeout(timer)) as Promise<readonly Result[]>;
  }

  /** What is not answered yet is lost. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#refuse(new StoreError('unavailable', 'the store is closed'));
    if (this.#standing) await end(this.#standing);
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (const call of this.#waiting) {
      try {
        const sql = this.#standing ?? (await this.#connect());
        // It may have waited too long meanwhile.
        if (this.#waiting.delete(call)) call.resolve(await this.#ask(sql, call));
      } catch (error) {
        call.reject(error);
      }
    }
    this.#working = false;
  }

  async #ask(sql: Client, { text, parameters }: Call): Promise<readonly Row[]> {
    const { deadlineMs } = this.#options;
    const lost = Promise.withResolvers<never>();
    this.#fail = lost.reject;
    const timer = setTimeout(() => this.#lose(sql, `no answer within ${deadlineMs} ms`), deadlineMs);
    try {
      // The driver prepares a statement once per connection, by its text.
      const query = sql.unsafe<Row[]>(text, [...parameters] as postgres.ParameterOrJSON<never>[], { prepare: true });
      return await Promise.race([query, lost.promise]);
    } finally {
      clearTimeout(timer);
      this.#fail = undefined;
    }
  }

  /** To the first host that answers and takes writes, beginning with the one that did. Where none does, all that waits is refused. */
  async #connect(): Promise<Client> {
    if (this.#failures > 0) await pause(Math.min(longestPauseMs, 50 * 2 ** this.#failures) * (0.5 + Math.random() / 2));
    let last: unknown;
    for (const _ of this.#hosts) {
      const sql = this.#open();
      try {
        await stand(sql, this.#patienceMs);
        if (this.#closed) throw new StoreError('unavailable', 'the store is closed');
        this.#failures = 0;
        this.#standing = sql;
        return sql;
      } catch (error) {
        last = error;
        void end(sql);
        this.#host = (this.#host + 1) % this.#hosts.length;
      }
    }
    this.#failures += 1;
    const refusal = new StoreError('unavailable', `not connected: ${last instanceof Error ? last.message : String(last)}`);
    this.#refuse(refusal);
    throw refusal;
  }

  #open(): Client {
    const { schema, deadlineMs, settings } = this.#options;
    const limits = { statement_timeout: Math.max(500, deadlineMs - 1_000), lock_timeout: lockTimeout };
    const sql = openClient({
      url: this.#hosts[this.#host] ?? '',
      schema,
      patienceMs: this.#patienceMs,
      settings: { ...limits, idle_in_transaction_session_timeout: idleInTransaction, jit: 'off', ...settings },
      onclose: () => this.#lose(sql, 'the connection was closed'),
      onnotice: (notice) => this.#heed(sql, notice),
    });
    return sql;
  }

  get #patienceMs(): number {
    return Math.min(longestPatienceMs, this.#options.deadlineMs);
  }

  /**
   * A wait for a synchronous standby that is broken off (by `statement_timeout`, or by hand) is told by a warning alone: the answer that
   * follows says that all is well.
   */
  #heed(sql: Client, { routine }: postgres.Notice): void {
    if (this.#options.replicated && routine === 'SyncRepWaitForLSN') this.#lose(sql, 'committed, but on no standby');
  }

  /** The client that stood is thrown away. What waits was meant for the server as it was known. */
  #lose(sql: Client, why: string): void {
    if (this.#standing !== sql) return;
    this.#standing = undefined;
    this.#fail?.(new StoreError('unknown', why));
    this.#refuse(new StoreError('unavailable', why));
    void end(sql);
    if (!this.#closed) this.#options.onBroken();
  }

  #refuse(error: StoreError): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
