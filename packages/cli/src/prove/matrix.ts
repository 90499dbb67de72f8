/** All brokers beside all faults, as far as this machine has them, and what came of it as a table. */
import { Dice, randomStream } from '@hubbub/sim/random';
import { lacking, type Setting } from './cluster.ts';
import type { Fault } from './fault.ts';
import { faultsNamed } from './faults.ts';
import type { Findings } from './findings.ts';
import { type ProveOptions, prove } from './run.ts';

export const brokers = ['redis', 'nats', 'rabbitmq', 'kafka', 'postgres', 'rethinkdb'] as const;
const ofTheBroker: readonly string[] = ['kill-broker', 'restart-broker', 'cut-broker', 'lossy-broker'];
const nodes = 3;

export interface MatrixRow {
  readonly broker: string;
  readonly findings: Findings;
}

export interface Matrix {
  readonly rows: readonly MatrixRow[];
  /** Brokers that this machine lacks. */
  readonly skipped: readonly string[];
}

/** Faults that do not touch the broker happen on one of them, which the seed draws; those that do, on each. */
export async function proveMatrix(options: Omit<ProveOptions, 'faults' | 'setting' | 'brief'>): Promise<Matrix> {
  const { seed, say } = options;
  const settings = brokers.map((broker): Setting => ({ store: 'postgres', broker, nodes }));
  const skipped = settings.flatMap((setting) => {
    const lack = lacking(setting);
    return lack === undefined ? [] : [`${setting.broker}: ${lack}`];
  });
  for (const text of skipped) say(`skipped: ${text}`);
  const possible = settings.filter((setting) => lacking(setting) === undefined);
  const drawn = new Dice(randomStream(seed, 'broker')).pick(possible);
  const rows: MatrixRow[] = [];
  for (const setting of possible) {
    const all = faultsNamed('random', seed, setting);
    const faults = all.filter(({ name }) => setting === drawn || ofTheBroker.includes(name));
    say(`== ${setting.broker}: ${faults.map(({ name }: Fault) => name).join(', ')}`);
    rows.push({ broker: setting.broker, findings: await prove({ ...options, setting, faults, brief: true }) });
  }
  return { rows, skipped };
}

const figures = [
  'acked',
  'delivered',
  'lost',
  'duplicated',
  'gaps',
  'reordered',
  'phantom',
  'foundByAntiEntropy',
  'cutOff',
  'resets',
] as const;

/** Markdown. */
export function tableOf({ rows, skipped }: Matrix): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const runs = rows.map(({ broker, findings }) =>
    line([broker, ...figures.map((name) => findings[name] ?? 'not known'), findings.violations.length]),
  );
  const faults = rows.flatMap(({ broker, findings }) =>
    findings.faults.map(({ name, seen, ms, caughtUpMsP99, deliveredMsP99 }) =>
      line([
        broker,
        name,
        `${(ms / 1_000).toFixed(1)} s`,
        `${deliveredMsP99} ms`,
        `${caughtUpMsP99} ms`,
        (seen ?? 'no trace').replaceAll('|', '/'),
      ]),
    ),
  );
  return [
    line(['broker', ...figures, 'promises broken']),
    line(['---', ...figures.map(() => '--:'), '--:']),
    ...runs,
    '',
    line(['broker', 'fault', 'lasted', 'delivered after, p99, meanwhile', 'caught up after it, p99', 'what showed it']),
    line(['---', '---', '--:', '--:', '--:', '---']),
    ...faults,
    ...rows.flatMap(({ broker, findings }) => [...findings.violations, ...findings.void].map((text) => `\n${broker}: ${text}`)),
    ...skipped.map((text) => `\nSkipped: ${text}.`),
    '',
  ].join('\n');
}
