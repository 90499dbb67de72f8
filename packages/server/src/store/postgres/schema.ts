/**
 * The tables, as SQL. Everything is keyed by channel first, so that the log can be spread over servers by channel; what grows is
 * partitioned by the hash of the channel. Names are compared byte by byte (`"C"`), as JavaScript's are, whatever the database's language.
 */

/**
 * What brings the tables of version 1 to version 2, those of 2 to 3, and so on, as SQL; `tables` stay those of version 1. A change only
 * adds (a table, an index, a column that may be left out), so that nodes of a version and of the next work side by side. One that has been
 * released is never changed.
 */
export const upgrades: readonly string[] = [];

const partitions = 8;

/**
 * - The mark is `GENERATION.COUNT`: a new history begins a new generation, above whatever anybody has seen of those before; in it the
 *   count is the highest transaction that has moved something, raised by `meta.trims`. (The position in the WAL would not do: recovery
 *   alone moves it on by more than a commit that was lost.)
 * - `meta.place`: the server and its timeline that the present history was written on.
 * - `meta.purged`: the highest transaction whose rows have gone from `moves`.
 * - `heads` has a row for each channel that was written to; it is never removed. Its pages have room, so that a new head is a new version
 *   on the same page and touches no index (HOT).
 * - `events.body` is null once emptied (`emptied` names the event that did it) or trimmed (`hash` of kind and body stays, and tells a
 *   retry from a conflict; of what was emptied nothing stays). `kind`, `empties` and `concerns` are null once trimmed.
 * - `moves`: one row per batch and channel, and before it one per event with concerns, which alone has the rest of its header.
 */
export const tables = `
  CREATE TABLE meta (
    one boolean PRIMARY KEY CHECK (one),
    version integer NOT NULL,
    cluster text NOT NULL,
    epoch text NOT NULL,
    generation integer NOT NULL,
    trims bigint NOT NULL,
    place text NOT NULL,
    purged xid8 NOT NULL
  );

  CREATE TABLE heads (
    channel text COLLATE "C" PRIMARY KEY,
    head bigint NOT NULL,
    n bigint NOT NULL,
    first bigint NOT NULL,
    ts bigint NOT NULL
  ) WITH (fillfactor = 50);

  CREATE TABLE events (
    channel text COLLATE "C" NOT NULL,
    "offset" bigint NOT NULL,
    n bigint NOT NULL,
    ts bigint NOT NULL,
    id uuid NOT NULL,
    sender text COLLATE "C" NOT NULL,
    kind text,
    empties text,
    concerns text,
    body text,
    emptied bigint,
    hash bytea,
    PRIMARY KEY (channel, "offset"),
    UNIQUE (channel, id, sender)
  ) PARTITION BY HASH (channel);

  CREATE TABLE facts (
    channel text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    value text,
    "offset" bigint NOT NULL,
    about bigint,
    PRIMARY KEY (channel, key)
  ) PARTITION BY HASH (channel);
  CREATE INDEX facts_offset ON facts (channel, "offset", key);
  CREATE INDEX facts_about ON facts (channel, about, key) WHERE about IS NOT NULL;
  CREATE INDEX facts_across ON facts (key, channel);

  CREATE TABLE moves (
    xid xid8 NOT NULL,
    ord integer NOT NULL,
    channel text COLLATE "C" NOT NULL,
    "offset" bigint NOT NULL,
    n bigint NOT NULL,
    ts bigint NOT NULL,
    at bigint NOT NULL,
    rest text,
    PRIMARY KEY (xid, ord)
  );

  ${['events', 'facts'].map(parts).join('')}
`;

function parts(table: string): string {
  return Array.from(
    { length: partitions },
    (_, at) => `CREATE TABLE ${table}_${at} PARTITION OF ${table} FOR VALUES WITH (MODULUS ${partitions}, REMAINDER ${at});\n`,
  ).join('');
}
