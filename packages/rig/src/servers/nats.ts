import { ask } from './ask.ts';
import { OwnServer } from './own-server.ts';
import { freePorts } from './ports.ts';
import { need } from './programs.ts';
import type { RealServer } from './server.ts';

/** Starts a NATS server, core only: it keeps nothing. Throws where this machine has none. */
export async function startNats(): Promise<RealServer> {
  const command = need('nats-server');
  const [port = 0] = await freePorts(1);
  return OwnServer.open({
    name: 'nats',
    url: `nats://127.0.0.1:${port}`,
    port,
    main: () => ({ command, args: ['-a', '127.0.0.1', '-p', String(port)] }),
    answers: () => ask(port, 'CONNECT {"verbose":false}\r\nPING\r\n', (reply) => reply.includes('PONG\r\n')),
  });
}
