import postgres from 'postgres';

export interface ClientOptions {
  readonly url: string;
  readonly schema: string;
  /** How long connecting may take. Seconds. */
  readonly patience: number;
  /** Settings of the session besides. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** A connection has been closed, or could not be made. */
  readonly onclose?: () => void;
}

export type Client = postgres.Sql<{ bigint: number }>;

/** A client of the database, in our schema: of several hosts the one that takes writes. It connects when it is asked something. */
export function openClient({ url, schema, patience, settings, onclose }: ClientOptions): Client {
  return postgres(url, {
    max: 1,
    // Types are known by what is asked; a list of all of them is a question more at each connection.
    fetch_types: false,
    connect_timeout: patience,
    idle_timeout: 0,
    // A connection that ends by itself looks like one that has broken.
    max_lifetime: null,
    target_session_attrs: 'read-write',
    // No number of ours is beyond 2^53.
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    onnotice: () => {},
    connection: { application_name: 'hubbub', search_path: `"${schema}"`, ...settings },
    ...(onclose && { onclose }),
  });
}
