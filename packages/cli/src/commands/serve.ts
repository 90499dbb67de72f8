import { type Config, checkKey, type Given, isLoopback, readConfig, type Server, StartError, startServer } from '@hubbub/server/main';
import type { Command } from 'commander';
import { withConfigFile } from '../config-file.ts';
import { CommandError } from '../fail.ts';

export interface ServeOptions extends Given {
  readonly config?: string;
  readonly checkConfig?: true;
}

const say = (text: string): void => void process.stderr.write(`hubbub: ${text}\n`);

/** Runs a server until it is told to stop; or only says whether what it is told makes sense. */
export async function serve(options: ServeOptions, command: Command): Promise<void> {
  const config = configOf(withConfigFile(options, command));
  if (options.checkConfig) return void process.stdout.write('the configuration is in order\n');
  const starting = start(config);
  // Before the ready line, so that whoever waits for it can stop the server cleanly from then on.
  stopOnSignal(starting);
  const server = await starting;
  process.stdout.write(`hubbub listening on ${server.url}\n`);
  if (server.ownerLink !== undefined) say(`nobody owns this server yet: whoever opens this first does, once: ${server.ownerLink}`);
  if (!isLoopback(config.host)) {
    say(
      `${config.host} lets in whoever can reach this machine; over plain http a page on another machine is no secure context (no notifications, no offline page): put TLS in front`,
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

function configOf(given: Given): Config {
  try {
    const config = readConfig(given);
    checkKey(config);
    return config;
  } catch (error) {
    throw error instanceof StartError ? new CommandError(error.message, error.exitCode) : error;
  }
}

async function start(config: Config): Promise<Server> {
  try {
    return await startServer(config, {
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
