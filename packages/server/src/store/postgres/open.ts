/** Opens the cluster's store: a schema of a PostgreSQL database. */
import { randomUUID } from 'node:crypto';
import type { Store } from '../store.ts';
import { type Client, end, openFirst } from './client.ts';
import { codeOf, PostgresOpenError } from './errors.ts';
import { newEpoch, PostgresStore, settle } from './handle.ts';
import { type PairRow, pairOf } from './reads.ts';
import { routines } from './routines.ts';
import { tables, upgrades as upgradesOfThisVersion } from './schema.ts';
import { upgradeSchema } from './upgrade.ts';

export { type PostgresOpenCode, PostgresOpenError } from './errors.ts';

export interface PostgresOptions {
  /** `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; several hosts with commas between: the one that takes writes is used. */
  readonly url: string;
  /** Where the tables are. */
  readonly schema?: string;
  /** How long an answer may take, in milliseconds. */
  readonly deadlineMs?: number;
  /** What an operator should know, such as why the epoch is a new one. */
  readonly onNote?: (text: string) => void;
  /** A standby that is promoted has everything that was acknowledged (synchronous replication): the history goes on there. */
  readonly syncStandby?: boolean;
  readonly settleMs?: number;
  readonly purgeEveryMs?: number;
  /** For tests: how the schema has changed since version 1. Left out: as of this version. */
  readonly upgrades?: readonly string[];
}

interface Found {
  readonly cluster: string;
  readonly epoch: string;
  readonly mark: string;
  readonly made: boolean;
}

const settings = { deadlineMs: 8_000, settleMs: 500, purgeEveryMs: 10_000 };

/**
 * Opens the store in the schema, making it and an empty store where there is none. Several nodes may do so at once. Throws
 * `PostgresOpenError`; its code says why.
 */
export async function openPostgres({
  url,
  schema = 'hubbub',
  onNote,
  syncStandby = false,
  upgrades = upgradesOfThisVersion,
  ...given
}: PostgresOptions): Promise<Store> {
  const { deadlineMs, settleMs, purgeEveryMs } = { ...settings, ...given };
  const found = await prepare({ url, schema, syncStandby, upgrades, ...(onNote && { onNote }) });
  const known = { epoch: found.epoch, mark: found.mark };
  const store = new PostgresStore({ url, schema, cluster: found.cluster, known, deadlineMs, settleMs, purgeEveryMs, syncStandby });
  try {
    // What has just been made has no other history.
    await settle(store, found.made ? 0 : settleMs);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** For each host. */
const patienceMs = 5_000;

type Preparing = Required<Pick<PostgresOptions, 'url' | 'schema' | 'syncStandby' | 'upgrades'>> & Pick<PostgresOptions, 'onNote'>;

async function prepare(options: Preparing): Promise<Found> {
  const { url, schema, syncStandby } = options;
  let sql: Client | undefined;
  try {
    sql = await openFirst({ url, schema, patienceMs, settings: { statement_timeout: 60_000, lock_timeout: 30_000 } });
    const [server] = await sql<{ fsync: string; synchronous_commit: string; version: number }[]>`
      SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
        current_setting('server_version_num')::integer AS version`;
    if (server?.fsync !== 'on' || server.synchronous_commit === 'off') {
      const found = `fsync is ${server?.fsync}, synchronous_commit is ${server?.synchronous_commit}`;
      throw new PostgresOpenError('unsafe', `${found}: what is acknowledged would not be on the disk; wanted on, and anything but off`);
    }
    if (syncStandby && server.synchronous_commit === 'local')
      throw new PostgresOpenError('unsafe', 'synchronous_commit is local: nothing would wait for the standby');
    if (server.version < 150_000) throw new PostgresOpenError('unsafe', 'PostgreSQL 15 or newer is wanted');
    // Released with the connection, so that a node that dies in the middle holds up nobody.
    await sql`SELECT pg_advisory_lock(hashtextextended(${schema}, 2))`;
    return await migrate(sql, options);
  } catch (error) {
    if (error instanceof PostgresOpenError) throw error;
    throw new PostgresOpenError('unreachable', whyNot(error));
  } finally {
    if (sql) await end(sql);
  }
}

/** What the driver says, without what stands in the URL. */
function whyNot(error: unknown): string {
  const code = codeOf(error) ?? '';
  const text = error instanceof Error ? error.message : String(error);
  return code && !text.includes(code) && /^[A-Z_]+$/.test(code) ? `${code}: ${text}` : text;
}

async function migrate(sql: Client, options: Preparing): Promise<Found> {
  const { schema, upgrades } = options;
  const schemaVersion = upgrades.length + 1;
  const [there] = await sql<{ meta: boolean; others: number }[]>`
    SELECT to_regclass(format('%I.meta', ${schema}::text)) IS NOT NULL AS meta,
      (SELECT count(*)::integer FROM pg_class WHERE relnamespace = to_regnamespace(format('%I', ${schema}::text)) AND relkind = 'r') AS others`;
  if (there && !there.meta && there.others > 0) {
    throw new PostgresOpenError('foreign', `the schema ${schema} holds tables that are not Hubbub's`);
  }
  const made = !there?.meta;
  if (made) await create(sql, options);
  const [meta] = await sql<{ version: number; cluster: string }[]>`SELECT version, cluster FROM meta`.catch((error: unknown) => {
    if (codeOf(error)?.startsWith('42'))
      throw new PostgresOpenError('foreign', `the schema ${schema} holds a table meta that is not Hubbub's`);
    throw error;
  });
  if (!meta) throw new PostgresOpenError('foreign', `the schema ${schema} has an empty table meta`);
  if (!Number.isInteger(meta.version) || meta.version < 1) {
    throw new PostgresOpenError('foreign', `the schema ${schema} is of version ${meta.version}, which there never was`);
  }
  if (meta.version > schemaVersion + 1) {
    throw new PostgresOpenError(
      'newer',
      `the schema ${schema} was made by a later version (${meta.version}); this one knows up to ${schemaVersion + 1}`,
    );
  }
  await upgradeSchema(sql, { schema, from: meta.version, upgrades });
  // A node of this version that comes after one of the next finds its own routines there; where it is the first, it brings them.
  if (!made) await sql.begin((tx) => tx.unsafe(routines));
  return { cluster: meta.cluster, made, ...(await present(sql, options)) };
}

async function create(sql: Client, { schema, upgrades }: Preparing): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`CREATE SCHEMA IF NOT EXISTS ${tx(schema)}`;
    for (const text of [tables, ...upgrades, routines]) await tx.unsafe(text);
    await tx`INSERT INTO meta (one, version, cluster, epoch, generation, trims, place, purged)
      SELECT true, ${upgrades.length + 1}, ${randomUUID()}, ${newEpoch()}, 1, 0, place_1(), '0'`;
  });
}

/** The pair, after a new epoch where the history was written elsewhere. */
async function present(sql: Client, { syncStandby, onNote }: Preparing): Promise<Pick<Found, 'epoch' | 'mark'>> {
  const [pair] = await sql<PairRow[]>`SELECT epoch, generation, count, sound FROM pair_1()`;
  if (!pair) throw new PostgresOpenError('foreign', 'the schema has lost its routines');
  if (pair.sound) return pairOf(pair);
  if (syncStandby) {
    const [adopted] = await sql<{ o_adopted: boolean }[]>`CALL adopt_1(0, 0, NULL)`;
    if (adopted?.o_adopted) return pairOf(pair);
  }
  onNote?.('the database is another server, or another timeline, than the one that the log was written on: a new epoch begins');
  const [renewed] = await sql<{ o_epoch: string; o_mark: string }[]>`CALL renew_1(${pair.epoch}, 0, 0, ${newEpoch()}, NULL, NULL)`;
  if (!renewed) throw new PostgresOpenError('foreign', 'the schema has lost its routines');
  return { epoch: renewed.o_epoch, mark: renewed.o_mark };
}
