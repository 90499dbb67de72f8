import postgres from 'postgres';
import { PostgresOpenError } from './errors.ts';

export interface ClientOptions {
  /** Of one host. */
  readonly url: string;
  readonly schema: string;
  /** How long its first answer may take. */
  readonly patienceMs: number;
  /** Settings of the session besides. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** The connection has been closed, or could not be made. */
  readonly onclose?: () => void;
  /** The server says this besides its answers. */
  readonly onnotice?: (notice: postgres.Notice) => void;
}

export type Client = postgres.Sql<{ bigint: number }>;

/** Of a URL with several hosts one for each, in its order. */
export function hostsOf(url: string): readonly string[] {
  const [, before = '', hosts = '', after = ''] = /^([^:]+:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/.exec(url) ?? [];
  return hosts.includes(',') ? hosts.split(',').map((host) => `${before}${host}${after}`) : [url];
}

/** A client of the database with one connection, in our schema. It connects when it is asked something. */
export function openClient({ url, schema, patienceMs, settings, onclose, onnotice = () => {} }: ClientOptions): Client {
  return postgres(url, {
    max: 1,
    // Types are known by what is asked; a list of all of them is a question more at each connection.
    fetch_types: false,
    connect_timeout: patienceMs / 1_000,
    idle_timeout: 0,
    // A connection that ends by itself looks like one that has broken.
    max_lifetime: null,
    // No number of ours is beyond 2^53.
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    connection: { application_name: 'hubbub', search_path: `"${schema}"`, ...settings },
    onnotice,
    ...(onclose && { onclose }),
  });
}

/** Waits for its first answer. Throws what the driver says, or PostgresOpenError: none within `patienceMs`, or the server takes no writes. */
export async function stand(sql: Client, patienceMs: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new PostgresOpenError('unreachable', `no answer within ${patienceMs / 1_000} s`)), patienceMs);
  try {
    const asked = sql<{ refuses: boolean }[]>`SELECT current_setting('transaction_read_only') = 'on' AS refuses`;
    const [server] = await Promise.race([asked, late.promise]);
    if (server?.refuses) throw new PostgresOpenError('unsafe', 'this server takes no writes: a standby, or one that is set so');
  } finally {
    clearTimeout(timer);
  }
}

/** The first of several hosts that answers and takes writes. Throws what `stand` throws of the last one. */
export async function openFirst({ url, ...options }: ClientOptions): Promise<Client> {
  let last: unknown;
  for (const one of hostsOf(url)) {
    const sql = openClient({ ...options, url: one });
    try {
      await stand(sql, options.patienceMs);
      return sql;
    } catch (error) {
      last = error;
      void end(sql);
    }
  }
  throw last;
}

/** Waits for no question, and for no server that is not there any more. */
export async function end(sql: Client): Promise<void> {
  await sql.end({ timeout: 0 }).catch(() => {});
}
