import { mkdirSync, writeFileSync } from 'node:fs';
import { ask } from './ask.ts';
import { OwnServer } from './own-server.ts';
import { freePorts } from './ports.ts';
import { need } from './programs.ts';
import type { RealServer } from './server.ts';

/** What opens AMQP 0-9-1. The answer is its first frame: a method on channel 0. */
const header = Buffer.from('AMQP\0\0\x09\x01', 'latin1');
const frame = Buffer.from([1, 0, 0]);

/** Starts a RabbitMQ with the user `guest`. It takes about six seconds. Throws where this machine has none. */
export async function startRabbitmq(): Promise<RealServer> {
  const [command, epmd] = [need('rabbitmq-server'), need('epmd')];
  const [port = 0, nodes = 0, names = 0] = await freePorts(3);
  return OwnServer.open({
    name: 'rabbitmq',
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    port,
    prepare(folder) {
      mkdirSync(`${folder}/data/home`);
      writeFileSync(
        `${folder}/rabbitmq.conf`,
        `listeners.tcp.1 = 127.0.0.1:${port}\nheartbeat = 10\nlog.console = true\nlog.file = false\n`,
      );
      writeFileSync(`${folder}/plugins`, '[].\n');
      return undefined;
    },
    // Where Erlang's nodes find each other. Without one of ours it would start one that stays for ever.
    beside: () => ({ command: epmd, args: ['-address', '127.0.0.1', '-port', String(names)] }),
    main(folder) {
      const settings = {
        HOME: `${folder}/data/home`,
        RABBITMQ_NODENAME: `hubbub${port}@localhost`,
        RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
        RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/plugins`,
        RABBITMQ_MNESIA_BASE: `${folder}/data/mnesia`,
        RABBITMQ_LOG_BASE: `${folder}/data/log`,
        RABBITMQ_PID_FILE: `${folder}/data/pid`,
        RABBITMQ_CONF_ENV_FILE: '/dev/null',
        RABBITMQ_DIST_PORT: String(nodes),
        ERL_EPMD_PORT: String(names),
        ERL_EPMD_ADDRESS: '127.0.0.1',
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none',
        // The shell that starts it then becomes it, so that its id is ours to know.
        RUNNING_UNDER_SYSTEMD: 'true',
      };
      return { command, args: [], env: settings };
    },
    answers: () => greet(port),
  });
}

/** Opens AMQP at a port of 127.0.0.1. Rejects when the RabbitMQ there does not answer within `patience` ms. */
export function greet(port: number, patience?: number): Promise<Buffer> {
  return ask(port, header, (reply) => reply.length > 7 && reply.subarray(0, 3).equals(frame), patience);
}
