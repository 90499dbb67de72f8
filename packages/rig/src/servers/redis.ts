import { ask } from './ask.ts';
import { OwnServer } from './own-server.ts';
import { freePorts } from './ports.ts';
import { need } from './programs.ts';
import type { RealServer } from './server.ts';

/** Starts a Redis that keeps what it was told in a file. Throws where this machine has none. */
export async function startRedis(): Promise<RealServer> {
  const command = need('redis-server');
  const [port = 0] = await freePorts(1);
  return OwnServer.open({
    name: 'redis',
    url: `redis://127.0.0.1:${port}`,
    port,
    main(folder) {
      const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', `${folder}/data`, '--daemonize', 'no'];
      // A log, not snapshots: what was acknowledged is there after a SIGKILL.
      return { command, args: [...args, '--save', '', '--appendonly', 'yes'] };
    },
    answers: () => ask(port, 'PING\r\n', (reply) => reply.includes('+PONG\r\n')),
  });
}
