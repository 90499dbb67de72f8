/** Brings the tables of an older version to what they are in a later one, while nodes of the version before work on them. */
import { setTimeout as pause } from 'node:timers/promises';
import postgres from 'postgres';
import type { Client } from './client.ts';
import { codeOf, PostgresOpenError } from './errors.ts';

/**
 * Whoever comes while it waits for a lock waits behind it. Who has one table and wants another, while it has that one and wants the first,
 * would be refused after the server's `deadlock_timeout` (a second): so it gives up long before, and tries again.
 */
const lockTimeoutMs = 100;
/** Below what the other nodes wait for it that start at the same time (see open.ts). */
const patienceMs = 20_000;
/** Not given a lock in time; a deadlock. */
const passing = new Set(['55P03', '40P01']);

/**
 * Runs what is missing from version `from` on, each upgrade and the version that it leads to in one transaction. The caller sees to it that
 * only one does so at a time. Throws PostgresOpenError where one fails; the schema is then that of the version before it.
 */
export async function upgradeSchema(
  sql: Client,
  { schema, from, upgrades }: { readonly schema: string; readonly from: number; readonly upgrades: readonly string[] },
): Promise<void> {
  for (const [at, text] of upgrades.entries()) {
    const version = at + 2;
    if (version <= from) continue;
    await upgrade(sql, text, version).catch((error: unknown) => {
      // Of a connection that was lost nobody knows how far it came.
      if (!(error instanceof postgres.PostgresError)) throw error;
      const left = `it is left as it was, at version ${version - 1}`;
      throw new PostgresOpenError('unsafe', `the schema ${schema} could not be upgraded to version ${version}, ${left}: ${error.message}`);
    });
  }
}

async function upgrade(sql: Client, text: string, version: number): Promise<void> {
  for (const end = performance.now() + patienceMs; ; await pause(100 + 200 * Math.random())) {
    try {
      await sql.begin(async (tx) => {
        await tx.unsafe(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
        await tx.unsafe(text);
        const { count } = await tx`UPDATE meta SET version = ${version} WHERE version = ${version - 1}`;
        if (count !== 1) throw new Error('somebody else has changed the version meanwhile');
      });
      return;
    } catch (error) {
      if (performance.now() > end || !passing.has(codeOf(error) ?? '')) throw error;
    }
  }
}
