#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { CommandError } from './fail.ts';
import { serveOptions } from './serve-options.ts';

const data = (): Option =>
  new Option('--data <folder>', 'the folder that holds the log and the secrets').default('./data').env('HUBBUB_DATA');
const url = (): Option => new Option('--url <url>', 'the server; left out: the one that runs on the data folder').env('HUBBUB_URL');
const token = (): Option => new Option('--token <token>', "who to be; left out: the data folder's administrator").env('HUBBUB_TOKEN');

const program = new Command('hubbub')
  .description('A realtime chat server that loses nothing')
  .version('0.1.0')
  // Before the commands are made: they take it over.
  .exitOverride()
  .showHelpAfterError('(--help says more)');

serveOptions(program.command('serve').description('run a server')).action(async (options, command) =>
  (await import('./commands/serve.ts')).serve(options, command),
);

program
  .command('send')
  .description('send one message; prints its offset')
  .argument('<channel>', 'such as room:general')
  .argument('<text>')
  .addOption(url())
  .addOption(token())
  .addOption(data())
  .action(async (channel, text, options) => (await import('./commands/send.ts')).send(channel, text, options));

program
  .command('tail')
  .description('print events as they come')
  .argument('<channel>', 'such as room:general')
  .option('--after <position>', 'OFFSET~EPOCH, or 0 for all; left out: from now on')
  .option('--json', 'one JSON object a line')
  .addOption(url())
  .addOption(token())
  .addOption(data())
  .action(async (channel, options) => (await import('./commands/tail.ts')).tail(channel, options));

program
  .command('token')
  .description(
    'make a token for a user. Where no server runs on the folder it is made with the key in its store: ' +
      'a server that is then run with --secret-file or --auth jwt does not take it',
  )
  .summary('make a token for a user')
  .requiredOption('--sub <user>', 'whose it is')
  .addOption(new Option('--expires-in <seconds>', 'how long it holds; left out: it does not end').argParser(whole))
  .addOption(url())
  .addOption(token())
  .addOption(data())
  .action(async (options) => (await import('./commands/token.ts')).token(options));

program
  .command('import')
  .description('bring in what was said elsewhere')
  .command('irc')
  .description('import IRC logs; importing twice adds nothing')
  .argument('<files...>')
  .option('--channel <channel>', "left out: room: and the file's name up to the first -YYYY or dot")
  .addOption(new Option('--speed <factor>', 'play it so many times as fast as it was said, with the times of now').argParser(factor))
  .addOption(url())
  .addOption(token())
  .addOption(data())
  .action(async (files, options) => (await import('./commands/import.ts')).importIrc(files, options));

program
  .command('check')
  .description('read the whole log and say what is wrong, also while a server runs')
  .addOption(url())
  .addOption(token())
  .addOption(data())
  .action(async (options) => (await import('./commands/store.ts')).check(options));

program
  .command('backup')
  .description('copy the log, also while a server runs')
  .argument('<file>', "a new file, on the server's machine")
  .addOption(url())
  .addOption(token())
  .addOption(data())
  .action(async (file, options) => (await import('./commands/store.ts')).backup(file, options));

program
  .command('restore')
  .description('put a backup in the place of the log, which is gone then; while no server runs')
  .argument('<file>', 'what backup has written')
  .addOption(data())
  .action(async (file, options) => (await import('./commands/store.ts')).restore(file, options));

program
  .command('trim')
  .description('drop the events of a channel before a position, for good')
  .argument('<channel>', 'such as room:general')
  .requiredOption('--before <position>', 'OFFSET~EPOCH: the first event to keep')
  .addOption(url())
  .addOption(token())
  .addOption(data())
  .action(async (channel, options) => (await import('./commands/store.ts')).trim(channel, options));

program
  .command('epoch')
  .description('begin a new history of the log, so that every client reloads: after a volume was put back by hand')
  .requiredOption('--new', 'say that you mean it')
  .addOption(url())
  .addOption(token())
  .addOption(data())
  .action(async (options) => (await import('./commands/store.ts')).epoch(options));

program
  .command('sim')
  .description('run whole clusters in one thread, with faults, seed by seed, and check every promise')
  .addOption(new Option('--seeds <count>', 'how many').default(100).argParser(whole))
  .addOption(new Option('--from <seed>', 'the first one').default(1).argParser(whole))
  .option('--json', 'one JSON object as the last line')
  .option('--bugs', 'plant known bugs instead, and see each one caught')
  .action(async (options) => (await import('./commands/sim.ts')).sim(options));

program
  .command('prove')
  .description('run a real server and real clients, let faults happen to them, and check every promise')
  .option('--store <name>', 'sqlite or postgres: a bare name starts that real server', 'sqlite')
  .option('--broker <name>', 'local, redis, nats, rabbitmq, kafka, postgres or rethinkdb', 'local')
  .option('--transport <name>', 'websocket', 'websocket')
  .option('--faults <names>', 'which, with commas between, such as kill-node,storm; random: all of them; none', 'random')
  .addOption(new Option('--nodes <count>', '1 to 3, behind HAProxy; several need --store postgres').default(1).argParser(whole))
  .addOption(new Option('--clients <count>', 'each reads all channels').default(20).argParser(whole))
  .addOption(new Option('--channels <count>', 'how many').default(10).argParser(whole))
  .addOption(new Option('--rate <events>', 'events a second, over all channels').default(100).argParser(factor))
  .addOption(
    new Option('--seconds <seconds>', "load before and after each fault; the fault's own time and 10 s are added")
      .default(10)
      .argParser(factor),
  )
  .addOption(new Option('--seed <number>', 'who, when, for how long; left out: any').argParser(whole))
  .option('--json', 'one JSON object as the last line')
  .addOption(
    new Option(
      '--url <url>',
      'a server, or a balancer, that runs already; may be given again, for more of one cluster. Nothing is started or ended, rooms of its own stay there',
    )
      .argParser((url: string, others: string[]) => [...others, url])
      .default([], 'servers of its own'),
  )
  .addOption(
    new Option('--token <token>', 'with --url: who to be where no guests are let in, and who may ask what a node counts').env(
      'HUBBUB_TOKEN',
    ),
  )
  .option('--token-file <file>', 'with --url: the file that the token is in, such as data/admin.token')
  .option('--matrix', 'all brokers beside all faults, on three nodes and PostgreSQL; prints a table')
  .action(async (options) => (await import('./commands/prove.ts')).prove(options));

program
  .command('bench')
  .description('measure what it costs on this machine, beside peers')
  .argument('<scenario>', 'fanout, append, append-postgres, slow, isolation, idle, storm, cluster or losses')
  .option(
    '--peers <names>',
    'of fanout: ws, socketio, ws-append, bun, bun-append, floor; of idle: ws, socketio; of storm and cluster: socketio; installed at first use',
  )
  .addOption(new Option('--seconds <seconds>', "how long one run lasts; left out, the scenario's own length").argParser(factor))
  .option('--faults <names>', 'of losses, with commas between; left out: none, and all that can befall Socket.IO too')
  .addOption(new Option('--seed <number>', 'of losses: who, when, for how long; left out: any').argParser(whole))
  .option('--json', 'one JSON object as the last line')
  .action(async (scenario, options) => (await import('./commands/bench.ts')).bench(scenario, options));

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('A whole number, 0 or more.');
  return value;
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('A number above 0, such as 10.');
  return value;
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommandError) {
    process.stderr.write(`hubbub: ${error.message}\n`);
    process.exitCode = error.exitCode;
  } else if (error instanceof CommanderError) {
    // It has been said. Help and version are no errors; anything else of its kind is wrong use.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else throw error;
}
