import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Process } from '../process.ts';
import { accepts } from './ask.ts';
import { OwnServer } from './own-server.ts';
import { listens } from './ports.ts';
import { need } from './programs.ts';
import type { RealServer } from './server.ts';
import { until } from './until.ts';

export interface Haproxy extends RealServer {
  /** Takes another configuration, or the same again, without closing a connection: old ones stay with the old worker. */
  reload(config?: string): Promise<void>;
  /** What its statistics socket answers to a command, such as `show stat` (CSV) or `disable server nodes/a`. */
  stats(command: string): Promise<string>;
}

/**
 * Starts an HAProxy with this configuration, as text; a statistics socket is added to it. `port` is where one of its frontends listens:
 * it is ready when that port accepts. `env` is what the configuration reads from its environment. Throws where this machine has none, and
 * with its log when it refuses the configuration.
 */
export async function startHaproxy(options: {
  readonly config: string;
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Haproxy> {
  const { config, port, env = {} } = options;
  const command = need('haproxy');
  const files = (folder: string): [config: string, ours: string] => [`${folder}/haproxy.cfg`, `${folder}/ours.cfg`];
  const server = await OwnServer.open({
    name: 'haproxy',
    url: `http://127.0.0.1:${port}`,
    port,
    prepare(folder) {
      const [own, ours] = files(folder);
      writeFileSync(own, config);
      // Workers take over the listening sockets through it, so that a reload refuses nobody.
      writeFileSync(ours, `global\n  stats socket ${folder}/stats.sock mode 600 level admin expose-fd listeners\n`);
      return undefined;
    },
    main: (folder) => ({ command, args: ['-W', '-f', files(folder)[0], '-f', files(folder)[1]], env }),
    // Its ports may be open a moment before the socket has its name.
    answers: async (folder) => {
      await worker((line) => askSocket(folder, line));
      await accepts(port);
    },
  });
  const stats = (line: string): Promise<string> => askSocket(server.folder, line);
  return Object.assign(server, {
    stats,
    async reload(changed = config) {
      const [own, ours] = files(server.folder);
      const before = await worker(stats);
      writeFileSync(own, changed);
      // It would go on with the old one and say so in its log only.
      const { code, stderr } = await Process.run({ command, args: ['-c', '-f', own, '-f', ours], env });
      if (code !== 0) throw new Error(`haproxy refuses its configuration\n${stderr}`);
      server.signal('SIGUSR2');
      await until('haproxy has a new worker', async () => (await worker(stats)) !== before);
      // What the old one accepts is still served as before.
      await until('the old worker has let go', () => !listens(before, port));
    },
  });
}

function askSocket(folder: string, line: string): Promise<string> {
  return text(connect(`${folder}/stats.sock`).end(`${line}\n`));
}

/** The process that takes connections now. */
async function worker(stats: Haproxy['stats']): Promise<number> {
  const pid = /^Pid: (\d+)$/m.exec(await stats('show info'))?.[1];
  if (pid === undefined) throw new Error('its statistics name no process');
  return Number(pid);
}
