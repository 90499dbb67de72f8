import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Process } from '../process.ts';
import { accepts } from './ask.ts';
import { familyOf } from './family.ts';
import { OwnServer } from './own-server.ts';
import { listens } from './ports.ts';
import { need } from './programs.ts';
import type { RealServer } from './server.ts';
import { until } from './until.ts';

export interface Nginx extends RealServer {
  /** Takes another configuration, or the same again, without closing a connection: old ones stay with the old workers. */
  reload(config?: string): Promise<void>;
}

/**
 * Starts an nginx with this configuration, as text, which says nothing of `daemon`, `pid` and the main `error_log`: these are ours.
 * `port` is where one of its servers listens: it is ready when that port accepts. `files` are what the configuration includes, by their
 * paths beside it. Throws where this machine has none, and with its log when it refuses the configuration.
 */
export async function startNginx(options: {
  readonly config: string;
  readonly port: number;
  readonly files?: Readonly<Record<string, string>>;
}): Promise<Nginx> {
  const { config, port, files = {} } = options;
  const command = need('nginx');
  const own = (folder: string): string => `${folder}/nginx.conf`;
  const args = (folder: string): string[] => {
    return ['-p', folder, '-c', own(folder), '-e', 'stderr', '-g', `daemon off; pid ${folder}/nginx.pid; error_log stderr;`];
  };
  const server = await OwnServer.open({
    name: 'nginx',
    url: `http://127.0.0.1:${port}`,
    port,
    prepare(folder) {
      writeFileSync(own(folder), config);
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      return undefined;
    },
    main: (folder) => ({ command, args: args(folder) }),
    answers: () => accepts(port),
  });
  const workers = (): number[] => familyOf(server.folder, [server.pid]).filter((pid) => pid !== server.pid);
  return Object.assign(server, {
    async reload(changed = config) {
      const before = workers();
      writeFileSync(own(server.folder), changed);
      // It would go on with the old one and say so in its log only.
      const { code, stderr } = await Process.run({ command, args: ['-t', '-q', ...args(server.folder)] });
      if (code !== 0) throw new Error(`nginx refuses its configuration\n${stderr}`);
      server.signal('SIGHUP');
      await until('nginx has new workers', () => workers().some((pid) => !before.includes(pid)));
      // What an old one accepts is still served as before.
      await until('the old workers have let go', () => !before.some((pid) => listens(pid, port)));
    },
  });
}
