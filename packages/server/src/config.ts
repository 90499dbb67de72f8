import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';

/** Who is let in, by what. */
export type AuthConfig =
  /** Guests by the name they give; `secret`: what their tokens are signed with, instead of a key that the store keeps. */
  | { readonly mode: 'guest'; readonly secret?: string }
  /** Tokens that somebody else makes. */
  | {
      readonly mode: 'jwt';
      readonly trust: { readonly secret: string } | { readonly publicKey: string } | { readonly jwks: URL };
      readonly issuer?: string;
      readonly audience?: string;
    };

/** Where the log is: in a folder of this node's own, or in a database that all nodes of a cluster share. */
export type StoreConfig =
  | { readonly kind: 'sqlite'; readonly folder: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema: string; readonly syncStandby: boolean };

export const brokers = ['local', 'redis', 'nats', 'rabbitmq', 'kafka', 'postgres', 'rethinkdb'] as const;

/** What carries bells between nodes: nothing outside this process, or a server. */
export type BrokerConfig =
  | { readonly kind: 'local' }
  | { readonly kind: Exclude<(typeof brokers)[number], 'local'>; readonly url: string; readonly prefix: string };

/** What `serve` can be told. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** The folder that holds the secrets, and the log where it is embedded. */
  readonly data: string;
  readonly store: StoreConfig;
  readonly broker: BrokerConfig;
  /** Whether what is told to the other nodes brings the events along. */
  readonly parcels: boolean;
  /** For how long links work on when the server is told to end, while their clients move over to other nodes. Milliseconds. */
  readonly drainMs: number;
  readonly auth: AuthConfig;
  /** Pages of these origins may connect too, besides the server's own. */
  readonly origins: readonly string[];
  /** Addresses of proxies that are believed when they say for whom they speak. */
  readonly trustProxy: readonly string[];
  /** Where people reach the server, when that is not where it listens. */
  readonly baseUrl?: string;
  readonly logLevel: LogLevel;
}

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The same as an operator writes it. */
export interface Given {
  readonly host: string;
  readonly port: string;
  readonly data: string;
  readonly store?: string;
  readonly syncStandby?: boolean;
  /** `local`, which it is when left out, or where a server is. */
  readonly broker?: string;
  readonly brokerPrefix?: string;
  /** `on` or `off`. */
  readonly parcels?: string;
  /** Seconds. */
  readonly drain?: string;
  readonly auth: string;
  readonly secretFile?: string;
  readonly jwtSecretFile?: string;
  readonly jwtKeyFile?: string;
  readonly jwksUrl?: string;
  readonly jwtIssuer?: string;
  readonly jwtAudience?: string;
  /** With commas between. */
  readonly origins?: string;
  readonly trustProxy?: string;
  readonly baseUrl?: string;
  readonly logLevel: string;
}

const longestDrain = 3_600;
/** Where there are other nodes to move to. */
const usualDrain = '25';
const usualSchema = 'hubbub';
const fewestSecretCharacters = 32;

/** What is wrong with the configuration, or with the place: said to the operator as it is, without a stack. */
export class StartError extends Error {
  /** 2: wrong use; 1: refused. */
  readonly exitCode: 1 | 2;

  constructor(text: string, exitCode: 1 | 2 = 1) {
    super(text);
    this.name = 'StartError';
    this.exitCode = exitCode;
  }
}

const wrong = (option: string, given: string, right: string): StartError => new StartError(`--${option} ${given}: ${right}`, 2);

/** Reads what an operator has written, and the files that it names. Throws StartError, which says what would be right. */
export function readConfig(given: Given): Config {
  const { host, port, data, baseUrl, logLevel } = given;
  const store = readStore(given, dataFolder(data));
  const drain = given.drain ?? (store.kind === 'sqlite' ? '0' : usualDrain);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw wrong('port', port, 'a port is a whole number from 0 (any that is free) to 65535');
  }
  if (!/^[\w.:%-]+$/.test(host)) throw wrong('host', host, 'this is no address; 127.0.0.1 is one');
  if (!/^\d{1,4}$/.test(drain) || Number(drain) > longestDrain) {
    throw wrong('drain', drain, `whole seconds, from 0 (at once) to ${longestDrain}`);
  }
  if (!isLogLevel(logLevel)) throw wrong('log-level', logLevel, `one of ${logLevels.join(', ')}`);
  return {
    host,
    port: Number(port),
    data,
    store,
    broker: readBroker(given),
    parcels: readSwitch('parcels', given.parcels ?? 'on'),
    drainMs: Number(drain) * 1_000,
    auth: readAuth(given),
    origins: list(given.origins).map(readOrigin),
    trustProxy: list(given.trustProxy).map(readAddress),
    ...(baseUrl !== undefined && { baseUrl: readBaseUrl(baseUrl) }),
    logLevel,
  };
}

/** An empty name would mean wherever one happens to be. Throws StartError. */
export function dataFolder(data: string): string {
  if (data === '') throw new StartError('--data: the name of a folder, such as ./data', 2);
  return data;
}

function readStore({ store: text, syncStandby = false }: Given, data: string): StoreConfig {
  if (syncStandby && !text?.startsWith('postgres')) throw new StartError('--sync-standby belongs to --store postgres://…', 2);
  if (text === undefined) return { kind: 'sqlite', folder: data };
  const [, folder] = /^sqlite:(.+)$/.exec(text) ?? [];
  if (folder !== undefined) return { kind: 'sqlite', folder };
  // It may hold a password: what is wrong with it is said without it.
  const [, url, parameters = ''] = /^(postgres(?:ql)?:\/\/[^\s?]+)(\?\S*)?$/.exec(text) ?? [];
  if (url === undefined) {
    throw new StartError('--store: sqlite:FOLDER, or postgres://USER:PASSWORD@HOST:PORT/DATABASE (and ?schema=NAME)', 2);
  }
  const rest = new URLSearchParams(parameters);
  const schema = rest.get('schema') ?? usualSchema;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw wrong('store', `…?schema=${schema}`, 'small letters, digits and _, at most 63');
  rest.delete('schema');
  return { kind: 'postgres', url: rest.size === 0 ? url : `${url}?${rest}`, schema, syncStandby };
}

/** By what an address begins with. */
const brokerSchemes: Readonly<Record<string, Exclude<BrokerConfig['kind'], 'local'>>> = {
  ...{ redis: 'redis', rediss: 'redis', nats: 'nats', tls: 'nats', amqp: 'rabbitmq', amqps: 'rabbitmq', kafka: 'kafka' },
  ...{ postgres: 'postgres', postgresql: 'postgres', rethinkdb: 'rethinkdb' },
};

/** Nothing of what is given is said again: there may be a password in it. */
function readBroker({ broker = 'local', brokerPrefix: prefix = 'hubbub' }: Given): BrokerConfig {
  // In every one of them it becomes part of names, and those have little in common.
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(prefix)) {
    throw wrong('broker-prefix', prefix, 'up to 32 small letters, digits, "_" and "-", a letter first');
  }
  if (broker === 'local') return { kind: 'local' };
  const schemes = Object.keys(brokerSchemes).map((scheme) => `${scheme}://`);
  const kind = brokerSchemes[/^([a-z]+):\/\//.exec(broker)?.[1] ?? ''];
  if (!kind) throw new StartError(`--broker: local, or an address that begins with one of ${schemes.join(', ')}`, 2);
  const right = new StartError(`--broker: no address of a server; such as ${broker.split(':')[0]}://USER:PASSWORD@broker.example.org`, 2);
  if (!URL.canParse(broker)) throw right;
  const { hostname, username, password } = new URL(broker);
  if (hostname === '') throw right;
  try {
    decodeURIComponent(username + password);
  } catch {
    throw new StartError('--broker: in a user or password, "%" is written "%25"', 2);
  }
  return { kind, url: broker, prefix };
}

function readSwitch(option: string, text: string): boolean {
  if (text !== 'on' && text !== 'off') throw wrong(option, text, 'on or off');
  return text === 'on';
}

/** Whether only programs on this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function readAuth(given: Given): AuthConfig {
  const { auth, secretFile, jwtSecretFile, jwtKeyFile, jwksUrl, jwtIssuer, jwtAudience } = given;
  const ways = [jwtSecretFile, jwtKeyFile, jwksUrl].filter((one) => one !== undefined);
  const forJwt = [...ways, jwtIssuer, jwtAudience].some((one) => one !== undefined);
  if (auth === 'guest') {
    if (forJwt) throw new StartError('--jwt-* and --jwks-url belong to --auth jwt', 2);
    return { mode: 'guest', ...(secretFile !== undefined && { secret: readSecret('secret-file', secretFile) }) };
  }
  if (auth !== 'jwt') throw wrong('auth', auth, 'guest (people come in by a name) or jwt (they bring a token that somebody else made)');
  if (secretFile !== undefined) throw new StartError('--secret-file belongs to --auth guest; for jwt there is --jwt-secret-file', 2);
  if (ways.length !== 1) throw new StartError('--auth jwt takes one of --jwt-secret-file, --jwt-key-file and --jwks-url', 2);
  return {
    mode: 'jwt',
    trust: readTrust(given),
    ...(jwtIssuer !== undefined && { issuer: jwtIssuer }),
    ...(jwtAudience !== undefined && { audience: jwtAudience }),
  };
}

function readTrust({ jwtSecretFile, jwtKeyFile, jwksUrl = '' }: Given): Extract<AuthConfig, { mode: 'jwt' }>['trust'] {
  if (jwtSecretFile !== undefined) return { secret: readSecret('jwt-secret-file', jwtSecretFile) };
  if (jwtKeyFile !== undefined) return { publicKey: readGiven('jwt-key-file', jwtKeyFile) };
  if (!URL.canParse(jwksUrl) || !/^https?:$/.test(new URL(jwksUrl).protocol)) {
    throw wrong('jwks-url', jwksUrl, 'such as https://login.example.org/.well-known/jwks.json');
  }
  const jwks = new URL(jwksUrl);
  // Whoever can change what comes back can sign for everybody.
  if (jwks.protocol === 'http:' && !isLoopback(jwks.hostname.replace(/^\[|\]$/g, ''))) {
    throw wrong('jwks-url', jwksUrl, 'keys come over https, or from this machine');
  }
  return { jwks };
}

function readSecret(option: string, path: string): string {
  const secret = readGiven(option, path).trim();
  if (secret.length < fewestSecretCharacters) {
    throw wrong(option, path, `holds no secret of at least ${fewestSecretCharacters} characters (openssl rand -base64 32 makes one)`);
  }
  return secret;
}

function readGiven(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw wrong(option, path, `cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function list(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function readOrigin(text: string): string {
  const right = 'such as https://chat.example.org, with commas between';
  if (!URL.canParse(text)) throw wrong('origins', text, right);
  const { origin, protocol } = new URL(text);
  if (!/^https?:$/.test(protocol) || origin !== text.replace(/\/$/, '').toLowerCase()) throw wrong('origins', text, right);
  return origin;
}

function readAddress(text: string): string {
  const right = 'addresses, or networks such as 10.0.0.0/8, with commas between';
  const [address = '', bits, more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more !== undefined) throw wrong('trust-proxy', text, right);
  if (bits === undefined) return text;
  if (!/^\d{1,3}$/.test(bits)) throw wrong('trust-proxy', text, right);
  try {
    new BlockList().addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  } catch {
    throw wrong('trust-proxy', text, right);
  }
  return text;
}

function readBaseUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw wrong('base-url', text, 'such as https://chat.example.org');
  return text.replace(/\/+$/, '');
}

function isLogLevel(text: string): text is LogLevel {
  return (logLevels as readonly string[]).includes(text);
}
