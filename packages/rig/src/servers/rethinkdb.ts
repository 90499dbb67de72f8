import { ask } from './ask.ts';
import { OwnServer } from './own-server.ts';
import { freePorts } from './ports.ts';
import { need } from './programs.ts';
import type { RealServer } from './server.ts';

/** The magic number of protocol 1.0; the answer is JSON that ends with a zero byte. */
const greeting = Buffer.from([0xc3, 0xbd, 0xc2, 0x34]);

/** Starts a RethinkDB. Throws where this machine has none. */
export async function startRethinkdb(): Promise<RealServer> {
  const command = need('rethinkdb');
  const [port = 0, cluster = 0] = await freePorts(2);
  return OwnServer.open({
    name: 'rethinkdb',
    url: `rethinkdb://127.0.0.1:${port}`,
    port,
    main(folder) {
      const args = ['--directory', `${folder}/data/db`, '--bind', '127.0.0.1', '--no-http-admin', '--no-update-check'];
      const ports = ['--driver-port', String(port), '--cluster-port', String(cluster)];
      return { command, args: [...args, ...ports, '--cache-size', '128'] };
    },
    answers: () => greet(port),
  });
}

/** Says hello to the RethinkDB at a port of 127.0.0.1. Rejects when it does not answer within `patience` ms. */
export function greet(port: number, patience?: number): Promise<Buffer> {
  return ask(port, greeting, (reply) => reply.at(-1) === 0 && reply.includes('"success":true'), patience);
}
