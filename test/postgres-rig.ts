/** A PostgreSQL of its own for a file of tests, and the stores that are opened on it. */
import { startPostgres } from '@hubbub/rig/servers/postgres';
import type { RealServer } from '@hubbub/rig/servers/server';
import { openPostgres, type PostgresOptions } from '@hubbub/server/store/postgres/open';
import type { Item, Store } from '@hubbub/server/store/store';
import postgres from 'postgres';

/** A standby needs them too. */
export const databaseSettings = { max_connections: '200' };

export function item(number: number, channel = 'room:0', from = 'ann'): Item {
  const id = `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
  return { channel, id, from, kind: 'say', body: `"${number}"`, counts: true };
}

export class Database implements AsyncDisposable {
  readonly server: RealServer;
  readonly #opened: Store[] = [];

  private constructor(server: RealServer) {
    this.server = server;
  }

  static async start(): Promise<Database> {
    return new Database(await startPostgres({ settings: databaseSettings }));
  }

  get url(): string {
    return this.server.url;
  }

  /** A store, which needs no time to settle where nothing else is said. It is closed with the database, or before. */
  async open(schema: string, more: Partial<PostgresOptions> = {}): Promise<Store> {
    const store = await openPostgres({ url: this.url, schema, settleMs: 0, deadlineMs: 4_000, ...more });
    this.#opened.push(store);
    return store;
  }

  async closeAll(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((store) => store.close()));
  }

  async ask<Row>(text: string, url = this.url): Promise<readonly Row[]> {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    try {
      return [...(await sql.unsafe(text))] as unknown as Row[];
    } finally {
      await sql.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeAll();
    await this.server[Symbol.asyncDispose]();
  }
}
