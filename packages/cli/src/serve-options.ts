import { type Command, Option } from 'commander';

/** What `serve` can be told, each also as HUBBUB_… in the environment, and as a member of the file of `--config`. */
const options: readonly (readonly [flags: string, description: string, fallback?: string, why?: string])[] = [
  ['--port <port>', '0 takes any that is free', '8080'],
  ['--host <address>', 'where to listen; 0.0.0.0 lets in whoever can reach this machine', '127.0.0.1'],
  ['--data <folder>', 'the folder that holds the secrets, and the log where it is embedded', './data'],
  [
    '--store <where>',
    'sqlite:FOLDER, or postgres://USER:PASSWORD@HOST:PORT/DATABASE for a cluster; left out: embedded, in the data folder',
  ],
  ['--sync-standby', 'postgres: a standby that is promoted has all that was acknowledged, so that the history goes on there'],
  [
    '--broker <url>',
    'what tells the nodes of each other: redis://…, nats://…, amqp://…, kafka://…, postgres://… or rethinkdb://…',
    'local',
  ],
  ['--broker-prefix <text>', 'keeps clusters apart that share a broker', 'hubbub'],
  ['--parcels <on|off>', 'off: what the broker tells brings no events along, each node reads the store', 'on'],
  [
    '--drain <seconds>',
    'how long links work on when it is told to end, while their clients move to other nodes; left out: 0 on the embedded store, where there is none, else 25',
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
