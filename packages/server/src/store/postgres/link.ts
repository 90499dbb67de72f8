/** One connection to the server at a time. */
import { setTimeout as pause } from 'node:timers/promises';
import type postgres from 'postgres';
import { StoreError } from '../store.ts';
import { type Client, openClient } from './client.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface LinkOptions {
  readonly url: string;
  readonly schema: string;
  /** How long an answer may take, in milliseconds. The server gives up a little earlier, by itself. */
  readonly deadlineMs: number;
  /** Settings of the session besides. */
  readonly settings: Readonly<Record<string, string>>;
  /** A connection that stood has broken. */
  readonly onBroken?: () => void;
}

const lockTimeout = 2_000;
const idleInTransaction = 5_000;
/** How long a client may take until it has answered for the first time, at most. */
const longestPatienceMs = 2_000;
const longestPauseMs = 1_000;

/**
 * Clients of the database with one connection each, one after the other. Calls are sent without waiting for the answers of those before,
 * and answered in order. A client that has not answered in time is thrown away: a server that is stopped, or cut off, keeps its
 * connections open, and whoever waits on them waits for ever. So is one that has lost its connection: postgres.js 3.4.9 connects again by
 * itself, but where something was waiting to be written it never writes anything again (its `nextWriteTimer` stays set), and a question
 * that comes between the error and the end of a connection is never answered.
 */
export class Link {
  readonly #options: LinkOptions;
  /** The one that is in use, or is to be; it rejects when it does not come to answer. */
  #client: Promise<Client> | undefined;
  /** The one that has answered. */
  #standing: Client | undefined;
  /** What fails with it. */
  readonly #calls = new Set<(error: Error) => void>();
  /** Clients in a row that never answered. */
  #failures = 0;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Calls that are not answered yet. */
  get busy(): number {
    return this.#calls.size;
  }

  /**
   * Runs a statement. Rejects with what the driver says, or StoreError: `unknown` when there was no answer in time, or the connection was
   * lost; `unavailable` when it was not sent.
   */
  async run<Result extends Row>(text: string, parameters: readonly unknown[] = []): Promise<readonly Result[]> {
    if (this.#closed) throw new StoreError('unavailable', 'the store is closed');
    const call = Promise.withResolvers<readonly Result[]>();
    this.#calls.add(call.reject);
    // It may fail before anybody waits for it.
    call.promise.catch(() => {});
    const { deadlineMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    try {
      this.#client ??= this.#connect();
      const sql = await this.#client;
      if (sql !== this.#standing) throw new StoreError('unavailable', 'the connection is lost');
      timer = setTimeout(() => this.#lose(sql, `no answer within ${deadlineMs} ms`), deadlineMs);
      // The driver prepares a statement once per connection, by its text.
      const query = sql.unsafe<Result[]>(text, [...parameters] as postgres.ParameterOrJSON<never>[], { prepare: true });
      query.then(call.resolve, call.reject);
      return await call.promise;
    } finally {
      clearTimeout(timer);
      this.#calls.delete(call.reject);
    }
  }

  /** What is not answered yet is lost. */
  async close(): Promise<void> {
    this.#closed = true;
    const sql = await this.#client?.catch(() => undefined);
    if (sql) await end(sql);
  }

  async #connect(): Promise<Client> {
    if (this.#failures > 0) await pause(Math.min(longestPauseMs, 50 * 2 ** this.#failures) * (0.5 + Math.random() / 2));
    const { url, schema, deadlineMs, settings } = this.#options;
    const limits = { statement_timeout: Math.max(500, deadlineMs - 1_000), lock_timeout: lockTimeout };
    const patienceMs = Math.min(longestPatienceMs, deadlineMs);
    const sql = openClient({
      ...{ url, schema, patience: patienceMs / 1_000 },
      settings: { ...limits, idle_in_transaction_session_timeout: idleInTransaction, jit: 'off', ...settings },
      onclose: () => this.#lose(sql, 'the connection was closed'),
    });
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new StoreError('unavailable', `not connected within ${patienceMs} ms`)), patienceMs);
    try {
      await Promise.race([sql`SELECT`, late.promise]);
      this.#failures = 0;
      this.#standing = sql;
      return sql;
    } catch (error) {
      this.#client = undefined;
      this.#failures += 1;
      void end(sql);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The client that stood is thrown away, with all that it was asked. */
  #lose(sql: Client, why: string): void {
    if (this.#standing !== sql) return;
    this.#standing = undefined;
    this.#client = undefined;
    for (const reject of this.#calls) reject(new StoreError('unknown', why));
    void end(sql);
    if (!this.#closed) this.#options.onBroken?.();
  }
}

/** Waits for no question, and for no server that is not there any more. */
async function end(sql: Client): Promise<void> {
  await sql.end({ timeout: 0 }).catch(() => {});
}
