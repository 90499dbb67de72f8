import { ask } from './ask.ts';
import { OwnServer } from './own-server.ts';
import { freePorts } from './ports.ts';
import { need } from './programs.ts';
import type { RealServer } from './server.ts';
import { unprivileged } from './unprivileged.ts';

/** Length (itself included), protocol 3.0, then names and values. */
const greeting = packet(Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from('user\0postgres\0database\0postgres\0\0')]));
/** `Z`: ready for a query, outside any transaction. */
const ready = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

function packet(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length + 4);
  return Buffer.concat([length, content]);
}

export interface PostgresOptions {
  /** Added to its configuration, such as `{ max_connections: '20' }`; synchronisation stays as it is, on. */
  readonly settings?: Record<string, string>;
  /** It begins as a copy of this one, which runs, and follows it until it is promoted (`SELECT pg_promote()`). */
  readonly standbyOf?: RealServer;
}

/** Starts a PostgreSQL whose user `postgres` needs no password. Throws where this machine has none. */
export async function startPostgres({ settings = {}, standbyOf }: PostgresOptions = {}): Promise<RealServer> {
  const [command, initdb, copy] = [need('postgres'), need('initdb'), need('pg_basebackup')];
  const [port = 0] = await freePorts(1);
  const configuration = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '64MB',
    // In the data folder: in /dev/shm it would outlive a SIGKILL.
    dynamic_shared_memory_type: 'mmap',
    ...settings,
  };
  return OwnServer.open({
    name: 'postgres',
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    user: unprivileged(),
    prepare(folder) {
      if (standbyOf !== undefined) {
        const from = ['-h', '127.0.0.1', '-p', String(standbyOf.port), '-U', 'postgres'];
        return { command: copy, args: ['-D', `${folder}/data`, ...from, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'] };
      }
      const args = ['-D', `${folder}/data`, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8'];
      return { command: initdb, args: [...args, '--no-sync', '--no-instructions'] };
    },
    main(folder) {
      const args = Object.entries(configuration).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      return { command, args: ['-D', `${folder}/data`, '-p', String(port), ...args] };
    },
    answers: () => greet(port),
  });
}

/** Signs in to the PostgreSQL at a port of 127.0.0.1 until it is ready for a query. Rejects when it is not within `patience` ms. */
export function greet(port: number, patience?: number): Promise<Buffer> {
  return ask(port, greeting, (reply) => reply.includes(ready), patience);
}
