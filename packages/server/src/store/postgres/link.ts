/** Connections to the server for one sort of work. */
import type postgres from 'postgres';
import { StoreError } from '../store.ts';
import { type Client, openClient } from './client.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface LinkOptions {
  readonly url: string;
  readonly schema: string;
  /** Connections at once. Calls on one are sent without waiting for the answers of those before, and answered in order. */
  readonly connections: number;
  /** How long an answer may take, in milliseconds. The server gives up a little earlier, by itself. */
  readonly deadlineMs: number;
  /** Settings of the session besides. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A connection that stood has broken. */
  readonly onBroken?: () => void;
}

const lockTimeout = 2_000;
const idleInTransaction = 5_000;
const connectSeconds = 2;
const longestPause = 1;

/**
 * A client that is thrown away when it has not answered in time: a server that is stopped, or cut off, keeps its connections open, and
 * whoever waits on them waits for ever.
 */
export class Link {
  readonly #options: LinkOptions;
  #sql: Client | undefined;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Runs a statement. Rejects with what the driver says, or StoreError `unknown` when there was no answer in time. */
  async run<Result extends Row>(text: string, parameters: readonly unknown[] = []): Promise<readonly Result[]> {
    if (this.#closed) throw new StoreError('unavailable', 'the store is closed');
    this.#sql ??= this.#open();
    const sql = this.#sql;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.#throwAway(sql);
      late.reject(new StoreError('unknown', `no answer within ${this.#options.deadlineMs} ms`));
    }, this.#options.deadlineMs);
    try {
      // The driver prepares a statement once per connection, by its text.
      const query = sql.unsafe<Result[]>(text, [...parameters] as postgres.ParameterOrJSON<never>[], { prepare: true });
      return await Promise.race([query, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Answers what was asked, then closes; after `ms` whatever has come of it. */
  async close(ms: number): Promise<void> {
    this.#closed = true;
    await this.#sql?.end({ timeout: ms / 1_000 });
  }

  #throwAway(sql: Client): void {
    if (this.#sql !== sql) return;
    this.#sql = undefined;
    void sql.end({ timeout: 0 }).catch(() => {});
    this.#options.onBroken?.();
  }

  #open(): Client {
    const { url, schema, connections, deadlineMs, settings, onBroken } = this.#options;
    return openClient({
      url,
      schema,
      connections,
      patience: connectSeconds,
      settings: {
        statement_timeout: Math.max(500, deadlineMs - 1_000),
        lock_timeout: lockTimeout,
        idle_in_transaction_session_timeout: idleInTransaction,
        ...settings,
      },
      more: {
        backoff: (tries) => Math.min(longestPause, 0.05 * 2 ** tries) * (0.5 + Math.random() / 2),
        onclose: () => {
          if (!this.#closed) onBroken?.();
        },
      },
    });
  }
}
