/**
 * The tables, and how a connection to them is set up.
 *
 * **Deleted means gone.** `secure_delete` wipes what a row leaves behind, but not the copies that SQLite itself makes when it moves rows
 * between pages (a page that is split or merged keeps stale copies in its unused part, out of reach of any statement: measured, 6 of
 * 1,000 deleted texts stayed readable in a table clustered by channel). So the two tables that hold people's text, `events` and `facts`,
 * are only ever appended to at their right edge, no row of theirs is removed, and no row grows: then no page of theirs is ever
 * rebalanced. What would need more room gets a new row, and the old one is blanked in place.
 */
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { pragma } from './statements.ts';

/** "Hubb": tells our file from anyone else's. */
export const applicationId = 0x48756262;
/** Grows with each change of the tables; migrations only expand. */
export const schemaVersion = 1;

export const tables = `
  -- The file's one row. commits: the mark. checkpointed: the main file alone held at least so many commits when the WAL was begun anew.
  -- purged: the highest seq that has gone from moves.
  CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id TEXT NOT NULL,
    epoch TEXT NOT NULL,
    commits INTEGER NOT NULL,
    checkpointed INTEGER NOT NULL,
    purged INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE heads (
    channel INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    head INTEGER NOT NULL,
    n INTEGER NOT NULL,
    first INTEGER NOT NULL,
    ts INTEGER NOT NULL
  ) STRICT;

  -- body: text while it is there; the offset of the event that emptied it; or, once trimmed, the hash of kind and body (16 bytes).
  -- pad: makes a short body's row long enough for what takes the body's place.
  -- kind, empties, concerns are null once trimmed.
  CREATE TABLE events (
    row INTEGER PRIMARY KEY,
    channel INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    n INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    sender TEXT NOT NULL,
    kind TEXT,
    empties TEXT,
    concerns TEXT,
    body ANY NOT NULL,
    pad BLOB
  ) STRICT;
  CREATE UNIQUE INDEX events_place ON events (channel, offset);
  -- The id first: clients make them in the order of time, so that new ones share a few pages.
  CREATE UNIQUE INDEX events_id ON events (id, channel, sender);

  -- name is the channel's: the order that is asked for across channels. A blanked row has a null key.
  CREATE TABLE facts (
    row INTEGER PRIMARY KEY,
    channel INTEGER,
    key TEXT,
    name TEXT,
    value TEXT,
    offset INTEGER,
    about INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX facts_key ON facts (channel, key) WHERE key IS NOT NULL;
  CREATE INDEX facts_offset ON facts (channel, offset, key) WHERE key IS NOT NULL;
  CREATE INDEX facts_about ON facts (channel, about, key) WHERE about IS NOT NULL;
  CREATE INDEX facts_across ON facts (key, name) WHERE key IS NOT NULL;

  -- What the look reads: one row per batch and channel, and before it one per event with concerns, which alone carries its header.
  CREATE TABLE moves (
    seq INTEGER PRIMARY KEY,
    channel INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    n INTEGER NOT NULL,
    at INTEGER NOT NULL,
    header TEXT
  ) STRICT;
`;

export interface Meta {
  readonly id: string;
  readonly epoch: string;
  readonly commits: number;
  readonly checkpointed: number;
  readonly purged: number;
}

export const selectMeta = 'SELECT id, epoch, commits, checkpointed, purged FROM meta';

/** Makes an empty store at `path`, whole and closed, so that a crash in between leaves no half of one under the final name. */
export function createDatabase(path: string, id: string, epoch: string): void {
  const db = new DatabaseSync(path);
  try {
    db.exec(
      `PRAGMA page_size=4096; PRAGMA application_id=${applicationId}; PRAGMA user_version=${schemaVersion}; PRAGMA journal_mode=WAL;`,
    );
    db.exec(`BEGIN; ${tables}`);
    db.prepare('INSERT INTO meta (one, id, epoch, commits, checkpointed, purged) VALUES (1, ?, ?, 1, 0, 0)').run(id, epoch);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

/** The writing connection. Refuses to work where a commit would not be synced: an acknowledgement would be a lie. */
export function openWriting(path: string): DatabaseSync {
  // Nobody else writes; this long a checkpoint may wait for a reader, and every append waits with it.
  const db = new DatabaseSync(path, { timeout: 25 });
  try {
    db.exec(
      'PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-131072; PRAGMA temp_store=MEMORY;',
    );
    const mode = pragma(db, 'journal_mode');
    const synchronous = pragma(db, 'synchronous');
    const wiping = pragma(db, 'secure_delete');
    if (mode !== 'wal' || synchronous !== 2 || wiping !== 1) {
      throw new Error(`${path}: journal_mode ${mode}, synchronous ${synchronous}, secure_delete ${wiping}: wanted wal, 2, 1`);
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

export function openReading(path: string, cacheKib: number): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 250 });
  db.exec(`PRAGMA cache_size=-${cacheKib}; PRAGMA temp_store=MEMORY; PRAGMA query_only=ON;`);
  return db;
}

/** The main file alone, as if there were no WAL: touches nothing, makes no file. */
export function openAlone(path: string): DatabaseSync {
  const url = pathToFileURL(path);
  url.searchParams.set('immutable', '1');
  return new DatabaseSync(url, { readOnly: true });
}
