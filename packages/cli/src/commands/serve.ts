import { StartError } from '@hubbub/server/config';
import { type Server, startServer } from '@hubbub/server/main';
import { CommandError } from '../fail.ts';

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** Runs a server until it is told to stop. */
export async function serve({ host, port, data }: { host: string; port: number; data: string }): Promise<void> {
  const server = await start(host, port, data);
  process.stdout.write(`hubbub listening on ${server.url}\n`);
  if (!loopback.has(host)) {
    process.stderr.write(
      `hubbub: ${host} lets others in who can reach this machine; over plain http a browser on another machine has no secure context: put TLS before it\n`,
    );
  }
  let stopping = false;
  const stop = (): void => {
    // Whoever asks twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`hubbub: ${error instanceof Error ? error.message : error}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function start(host: string, port: number, data: string): Promise<Server> {
  try {
    return await startServer({ host, port, data }, {
      note: (text) => process.stderr.write(`hubbub: ${text}\n`),
      fatal: (text) => {
        process.stderr.write(`hubbub: cannot go on: ${text}\n`);
        process.exit(1);
      },
    });
  } catch (error) {
    if (error instanceof StartError) throw new CommandError(error.message, error.exitCode);
    throw error;
  }
}
