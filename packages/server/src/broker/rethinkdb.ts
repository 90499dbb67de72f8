import { randomUUID } from 'node:crypto';
import type { Changes, Connection, RCursor } from 'rethinkdb-ts';
import type { OpenBroker } from './broker.ts';
import { bucketOf, packed, unpacked } from './remote/buckets.ts';
import { hearsAll, type Line, type Link } from './remote/line.ts';
import { type RemoteOptions, usualPrefix } from './remote/options.ts';
import { remote } from './remote/remote.ts';

const envelopeBytes = 128 * 1024;
const usualPort = 28_015;

/** Each replacement is a change, whether somebody has read the one before or not. */
interface Row {
  /** The bucket: there are so many rows, and never more. */
  readonly id: number;
  readonly text: string;
  /** A row that is replaced by one like it has not changed, and nobody would hear. */
  readonly by: string;
}

/**
 * A broker on RethinkDB: a table with a row per bucket, which is replaced by what is said, and per node one feed of its changes. The last
 * envelope of each bucket stays in the table until the next one comes.
 */
export function rethinkdbBroker(options: RemoteOptions): OpenBroker {
  return remote({ options, envelopeBytes, connect: (line) => connect(options, line) });
}

async function connect({ url, prefix = usualPrefix }: RemoteOptions, line: Line): Promise<Link> {
  const { r } = await import('rethinkdb-ts');
  const { database, ...address } = addressOf(url, prefix);
  const name = `${prefix}_envelopes`;
  const connection = await r.connect({ ...address, timeout: 2, silent: true });
  line.defer(() => connection.close());
  connection.on('close', () => line.lost(new Error('the connection is closed'))).on('error', (error: unknown) => line.lost(error));

  await make(connection, database, r.dbList(), r.dbCreate(database));
  await make(connection, name, r.db(database).tableList(), r.db(database).tableCreate(name, { durability: 'soft' }));
  const tables = r.db('rethinkdb').table<{ readonly id: string; readonly db: string; readonly name: string }>('table_config');
  const all = tables.filter({ db: database, name }).getField('id').coerceTo('array');
  const table = r.db(database).table<Row>(name);
  const ready = table.wait({ waitFor: 'ready_for_writes', timeout: 2 });
  await ready.run(connection).catch(async (error: unknown) => {
    if (!/ambiguous/.test(String(error))) throw error;
    // Nodes that start at once can both make it, and RethinkDB takes neither then. All keep the one whose id comes first: who has begun on
    // another one loses his feed, and comes again.
    const [, ...others]: string[] = (await all.run(connection)).sort();
    await Promise.allSettled(others.map((id) => tables.get(id).delete().run(connection)));
    await ready.run(connection);
  });
  // Its type is that of an array; what comes is a cursor that has no end.
  const feed = (await table.changes({ squash: false }).run(connection)) as unknown as RCursor<Changes<Row>>;
  follow(feed, line).catch((error: unknown) => line.lost(error));

  const me = randomUUID();
  let said = 0;
  return {
    ...hearsAll,
    send: async (parcels) => {
      const rows = parcels.map((parcel): Row => {
        said += 1;
        return { id: bucketOf(parcel.channel), text: packed(parcel), by: `${me} ${said}` };
      });
      const { errors, first_error } = await table.insert(rows, { conflict: 'replace', durability: 'soft' }).run(connection);
      if (errors > 0) throw new Error(first_error);
    },
  };
}

interface Runs<Result> {
  run(connection: Connection): Promise<Result>;
}

/** Makes what the list does not hold. */
async function make(connection: Connection, name: string, list: Runs<string[]>, making: Runs<unknown>): Promise<void> {
  const isThere = async (): Promise<boolean> => (await list.run(connection)).includes(name);
  if (await isThere()) return;
  try {
    await making.run(connection);
  } catch (error) {
    // Another node was quicker.
    if (!(await isThere())) throw error;
  }
}

async function follow(feed: RCursor<Changes<Row>>, line: Line): Promise<never> {
  for (;;) {
    const { error, new_val: row } = await feed.next();
    // A feed that was not read for too long leaves changes out, and says so.
    if (error !== undefined) line.gap(error);
    const parcel = row ? unpacked(row.text) : undefined;
    if (parcel) line.heard(parcel.channel, parcel.envelope);
  }
}

/** `rethinkdb://USER:PASSWORD@HOST:PORT/DATABASE?tls=true`; the database is called like the prefix where none is named. */
function addressOf(url: string, prefix: string) {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const tls = searchParams.get('tls') === 'true';
  // Without it the kernel holds back what the feed asks for until what was inserted has been acknowledged: 40 ms.
  const server = { host, port: port === '' ? usualPort : Number(port), noDelay: true, ...(tls && { tls }) };
  const signIn = username === '' ? {} : { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { database: pathname.slice(1) || prefix, server, ...signIn };
}
