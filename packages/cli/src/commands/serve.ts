import { isLoopback, readConfig, type Server, StartError, startServer } from '@hubbub/server/main';
import { CommandError } from '../fail.ts';

export interface ServeOptions {
  readonly host: string;
  readonly port: string;
  readonly data: string;
  readonly drain: string;
}

const say = (text: string): void => void process.stderr.write(`hubbub: ${text}\n`);

/** Runs a server until it is told to stop. */
export async function serve(options: ServeOptions): Promise<void> {
  const starting = start(options);
  // Before the ready line, so that whoever waits for it can stop the server cleanly from then on.
  stopOnSignal(starting);
  const server = await starting;
  process.stdout.write(`hubbub listening on ${server.url}\n`);
  if (!isLoopback(options.host)) {
    say(
      `${options.host} lets in whoever can reach this machine; over plain http a page on another machine is no secure context (no notifications, no offline page): put TLS in front`,
    );
  }
}

function stopOnSignal(starting: Promise<Server>): void {
  let stopping = false;
  const stop = (): void => {
    // Whoever asks twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    starting
      .then((server) => server.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          say(error instanceof Error ? error.message : String(error));
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function start(options: ServeOptions): Promise<Server> {
  try {
    return await startServer(readConfig(options), {
      note: say,
      fatal: (text) => {
        say(`cannot go on: ${text}`);
        process.exit(1);
      },
    });
  } catch (error) {
    throw error instanceof StartError ? new CommandError(error.message, error.exitCode) : error;
  }
}
