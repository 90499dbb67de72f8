import { readFileSync } from 'node:fs';
import { CommandError } from '../fail.ts';
import { lacking, mostNodes, type Setting } from '../prove/cluster.ts';
import { faultsNamed, linkFaultsNamed } from '../prove/faults.ts';
import { exitCodeOf, type Findings } from '../prove/findings.ts';
import { proveMatrix, brokers as remote, tableOf } from '../prove/matrix.ts';
import { proveElsewhere, prove as proveHere, SetupError } from '../prove/run.ts';
import { serverUrl } from '../target.ts';

export interface ProveOptions {
  /** Servers that run already. */
  readonly url: readonly string[];
  readonly token?: string;
  readonly tokenFile?: string;
  readonly store: string;
  readonly broker: string;
  readonly transport: string;
  readonly faults: string;
  readonly nodes: number;
  readonly clients: number;
  readonly channels: number;
  readonly rate: number;
  readonly seconds: number;
  readonly seed?: number;
  readonly matrix?: boolean;
  readonly json?: boolean;
}

const stores: readonly string[] = ['sqlite', 'postgres'];
const brokers: readonly string[] = ['local', ...remote];

/** Proves the promises on real processes, under real faults. Exit code 1: one was broken; 2: nothing was shown, for a fault left no trace, or the run could not be set up. */
export async function prove(options: ProveOptions): Promise<void> {
  if (options.clients < 2) throw new CommandError(`--clients ${options.clients}: it takes two`, 2);
  if (options.channels < 1) throw new CommandError(`--channels ${options.channels}: it takes one`, 2);
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  const names = options.faults.split(',');
  const visit = visitOf(options);
  const setting = visit ? undefined : settingOf(options);
  const { clients, channels, rate, seconds, json } = options;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const stopping = new AbortController();
  const run = { clients, channels, rate, seconds, seed, say, signal: stopping.signal };
  const there = visit && { ...run, ...visit, faults: names.flatMap((name) => linkFaultsNamed(name, seed)) };
  const here = setting && { ...run, setting, faults: names.flatMap((name) => faultsNamed(name, seed, setting)) };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  try {
    if (options.matrix) {
      const matrix = await proveMatrix(run);
      process.stdout.write(json ? `${JSON.stringify(matrix)}\n` : tableOf(matrix));
      const codes = matrix.rows.map(({ findings }) => exitCodeOf(findings));
      process.exitCode = codes.find((code) => code === 1) ?? codes.find((code) => code === 2) ?? 0;
      return;
    }
    const findings = there ? await proveElsewhere(there) : await proveHere(here ?? { ...run, faults: [] });
    process.stdout.write(json ? `${JSON.stringify(findings)}\n` : table(findings));
    process.exitCode = exitCodeOf(findings);
  } catch (error) {
    if (stopping.signal.aborted) throw new CommandError('broken off: nothing was shown', 2);
    throw error instanceof SetupError ? new CommandError(error.message, 2) : error;
  }
}

/** Which servers of somebody's it is about; undefined: of its own. Throws CommandError for what cannot be. */
function visitOf(options: ProveOptions): { urls: readonly string[]; token: string | undefined } | undefined {
  const { url: urls, token, tokenFile, store, broker, nodes, transport, matrix } = options;
  if (urls.length === 0) {
    // Of the environment it may be for other commands.
    if (tokenFile !== undefined) throw new CommandError('--token-file: it is for servers that run already, which --url names', 2);
    return undefined;
  }
  if (transport !== 'websocket') throw new CommandError(`--transport ${transport}: there is websocket alone`, 2);
  if (matrix || store !== 'sqlite' || broker !== 'local' || nodes !== 1)
    throw new CommandError('--url: nothing is started there, so --store, --broker, --nodes and --matrix have nothing to say', 2);
  return { urls: urls.map(addressOf), token: tokenFile === undefined ? token : tokenIn(tokenFile) };
}

function addressOf(text: string): string {
  const url = serverUrl(text).replace(/^ws/, 'http');
  const { username, password, search, hash } = new URL(url);
  if (`${username}${password}${search}${hash}` !== '')
    throw new CommandError('--url: an address, and nothing secret in it: who to be is said by --token-file, or HUBBUB_TOKEN', 2);
  return url;
}

function tokenIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CommandError(`--token-file ${file}: cannot be read: ${(error as NodeJS.ErrnoException).code}`, 2);
  }
}

/** Throws CommandError for what cannot be, or cannot be had here. */
function settingOf({ store, broker, transport, nodes }: ProveOptions): Setting {
  if (transport !== 'websocket') throw new CommandError(`--transport ${transport}: there is websocket alone`, 2);
  if (!stores.includes(store)) throw new CommandError(`--store ${store}: one of ${stores.join(', ')}`, 2);
  if (!brokers.includes(broker)) throw new CommandError(`--broker ${broker}: one of ${brokers.join(', ')}`, 2);
  if (nodes < 1 || nodes > mostNodes) throw new CommandError(`--nodes ${nodes}: 1 to ${mostNodes}`, 2);
  if (nodes > 1 && store === 'sqlite') throw new CommandError('--nodes: several need a store that they share: --store postgres', 2);
  const setting = { store, broker, nodes } as Setting;
  const lack = lacking(setting);
  if (lack !== undefined) throw new CommandError(`nothing was shown: ${lack}`, 2);
  return setting;
}

function table({ violations, void: traceless, faults, faultSeen, left, ...figures }: Findings): string {
  const rows = [
    ...faults.map(({ name, seen, ms, caughtUpMsP99 }) => `${name}: ${seen ?? 'no trace'} (${ms} ms; caught up p99 ${caughtUpMsP99} ms)`),
    ...Object.entries(figures).map(([name, value]) => `${String(value ?? 'not known').padStart(9)} ${name}`),
    ...(left.length > 0 ? [`left there: ${left.join(', ')}`] : []),
    ...traceless.map((text) => `void: ${text}`),
    ...violations.map((text) => `broken: ${text}`),
    violations.length > 0 ? 'promises were broken' : faultSeen ? 'all promises held' : 'nothing was shown',
  ];
  return `${rows.join('\n')}\n`;
}
