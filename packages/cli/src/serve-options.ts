import { type Command, Option } from 'commander';

/** What `serve` can be told, each also as HUBBUB_… in the environment, and as a member of the file of `--config`. */
const options: readonly (readonly [flags: string, description: string, fallback?: string, why?: string])[] = [
  ['--port <port>', '0 takes any that is free', '8080'],
  ['--host <address>', 'where to listen; 0.0.0.0 lets in whoever can reach this machine', '127.0.0.1'],
  ['--data <folder>', 'the folder that holds the log and the secrets', './data'],
  [
    '--drain <seconds>',
    'how long links work on when it is told to end, while their clients move to other nodes',
    '0',
    'at once: on the embedded store there is no other node',
  ],
  ['--auth <how>', 'guest: people come in by a name; jwt: by a token that somebody else made', 'guest'],
  ['--secret-file <file>', 'guest: what tokens are signed with; left out: a key in the store, made at the first start'],
  ['--jwt-secret-file <file>', 'jwt: the secret that tokens are signed with (HS256)'],
  ['--jwt-key-file <file>', 'jwt: the public key that tokens are checked with (PEM; RS256, EdDSA)'],
  ['--jwks-url <url>', 'jwt: where the public keys are (RS256, EdDSA)'],
  ['--jwt-issuer <text>', 'jwt: what "iss" must be; left out: anything'],
  ['--jwt-audience <text>', 'jwt: what "aud" must be; left out: anything'],
  ['--origins <origins>', 'pages of these may connect too, with commas between: https://app.example.org'],
  ['--trust-proxy <addresses>', 'proxies that are believed when they say for whom they speak: 127.0.0.1,10.0.0.0/8'],
  ['--base-url <url>', 'where people reach the server, when that is not where it listens'],
  [
    '--broker <where>',
    'what carries news between nodes: local (there is one node), or a server: redis://, nats://, amqp://, kafka://, postgres://, rethinkdb://',
    'local',
  ],
  ['--broker-prefix <name>', 'keeps apart what shares a server', 'hubbub'],
  ['--log-level <level>', 'error, warn, info (a line for each link that ends) or debug', 'info'],
];

/** Adds them to a command. */
export function serveOptions(command: Command): Command {
  for (const [flags, description, fallback, why] of options) {
    const option = new Option(flags, description);
    option.env(
      `HUBBUB_${option
        .attributeName()
        .replace(/[A-Z]/g, (letter) => `_${letter}`)
        .toUpperCase()}`,
    );
    command.addOption(fallback === undefined ? option : option.default(fallback, why));
  }
  return command
    .addOption(
      new Option('--config <file>', 'a JSON file with any of these by name: {"port": 8080}; flags and HUBBUB_* go before it').env(
        'HUBBUB_CONFIG',
      ),
    )
    .option('--check-config', 'say what is wrong with all of this, or that nothing is, and do not start');
}
