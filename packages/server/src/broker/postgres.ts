import type { OpenBroker } from './broker.ts';
import { bucketOf, buckets, packed, unpacked } from './remote/buckets.ts';
import { hearsAll, type Line, type Link } from './remote/line.ts';
import { type RemoteOptions, usualPrefix } from './remote/options.ts';
import { remote } from './remote/remote.ts';

/** A notification is less than 8,000 bytes, with the channel's name in it, which has 145 at most. */
const envelopeBytes = 7_800;

/**
 * A broker on PostgreSQL's NOTIFY, over a connection of its own: inside the transaction of an append it would take a lock that all
 * appends wait for. Listening to many channels costs their square, so it has a fixed number, and every node hears them all. It needs no
 * table and no right; but a pooler that gives a connection to each transaction must not stand between.
 */
export function postgresBroker(options: RemoteOptions): OpenBroker {
  return remote({ options, envelopeBytes, connect: (line) => connect(options, line) });
}

async function connect({ url, prefix = usualPrefix }: RemoteOptions, line: Line): Promise<Link> {
  const { default: postgres } = await import('postgres');
  const names = Array.from({ length: buckets }, (_, bucket) => `${prefix}_${bucket}`);
  const own = new Set(names);
  // Its `listen` connects again by itself, and finds no connection that is dead: this has what it is made of.
  const settings = {
    max: 1,
    connect_timeout: 2,
    max_lifetime: null,
    connection: { application_name: `${prefix} broker` },
    onnotice: () => {},
    onclose: () => line.lost(new Error('the connection is closed')),
    onnotify: (name: string, text: string) => {
      const parcel = own.has(name) ? unpacked(text) : undefined;
      if (parcel) line.heard(parcel.channel, parcel.envelope);
    },
  };
  const sql = postgres(url, settings);
  line.defer(() => sql.end({ timeout: 0 }));
  await sql.unsafe(names.map((name) => `listen "${name}"`).join('; '));
  return {
    ...hearsAll,
    send: (parcels) => {
      const to = parcels.map(({ channel }) => `${prefix}_${bucketOf(channel)}`);
      return sql`select pg_notify(name, text) from unnest(${to}::text[], ${parcels.map(packed)}::text[]) as parcels(name, text)`;
    },
  };
}
