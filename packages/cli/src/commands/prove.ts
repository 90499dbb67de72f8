import { CommandError } from '../fail.ts';
import { lacking, mostNodes, type Setting } from '../prove/cluster.ts';
import { faultsNamed } from '../prove/faults.ts';
import { exitCodeOf, type Findings } from '../prove/findings.ts';
import { proveMatrix, brokers as remote, tableOf } from '../prove/matrix.ts';
import { prove as run, SetupError } from '../prove/run.ts';

export interface ProveOptions {
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
  const setting = settingOf(options);
  if (options.clients < 2) throw new CommandError(`--clients ${options.clients}: it takes two`, 2);
  if (options.channels < 1) throw new CommandError(`--channels ${options.channels}: it takes one`, 2);
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  const faults = options.faults.split(',').flatMap((name) => faultsNamed(name, seed, setting));
  const { clients, channels, rate, seconds, json } = options;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  try {
    if (options.matrix) {
      const matrix = await proveMatrix({ clients, channels, rate, seconds, seed, say, signal: stopping.signal });
      process.stdout.write(json ? `${JSON.stringify(matrix)}\n` : tableOf(matrix));
      const codes = matrix.rows.map(({ findings }) => exitCodeOf(findings));
      process.exitCode = codes.find((code) => code === 1) ?? codes.find((code) => code === 2) ?? 0;
      return;
    }
    const findings = await run({ setting, faults, clients, channels, rate, seconds, seed, say, signal: stopping.signal });
    process.stdout.write(json ? `${JSON.stringify(findings)}\n` : table(findings));
    process.exitCode = exitCodeOf(findings);
  } catch (error) {
    if (stopping.signal.aborted) throw new CommandError('broken off: nothing was shown', 2);
    throw error instanceof SetupError ? new CommandError(error.message, 2) : error;
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

function table({ violations, void: traceless, faults, faultSeen, ...figures }: Findings): string {
  const rows = [
    ...faults.map(({ name, seen, ms, caughtUpMsP99 }) => `${name}: ${seen ?? 'no trace'} (${ms} ms; caught up p99 ${caughtUpMsP99} ms)`),
    ...Object.entries(figures).map(([name, value]) => `${String(value).padStart(9)} ${name}`),
    ...traceless.map((text) => `void: ${text}`),
    ...violations.map((text) => `broken: ${text}`),
    violations.length > 0 ? 'promises were broken' : faultSeen ? 'all promises held' : 'nothing was shown',
  ];
  return `${rows.join('\n')}\n`;
}
