import { type BenchOptions as Bench, peersOf, bench as runBench, scenarios, table } from '../../../../bench/src/main.ts';
import { CommandError } from '../fail.ts';
import { type LossesOptions, losses } from './losses.ts';

export interface BenchOptions extends LossesOptions {
  readonly peers?: string;
}

/** Measures what Hubbub costs, beside peers, on this machine; every run is told on stderr. */
export async function bench(name: string, options: BenchOptions): Promise<void> {
  // Not one of the others: it lets the faults of `prove` happen, which a bench cannot reach.
  if (name === 'losses') return losses(options);
  const { peers: list, seconds, json } = options;
  const scenario = scenarios.find((one) => one === name);
  if (!scenario) throw new CommandError(`there is no scenario ${name}: it is one of ${scenarios.join(', ')}, losses`, 2);
  const peers = peersIn(list, scenario);
  const findings = await runBench({ scenario, peers, seconds, say: (text) => void process.stderr.write(`${text}\n`) });
  if (json) process.stdout.write(`${JSON.stringify({ results: findings.results, void: findings.void })}\n`);
  else process.stdout.write(`${table(findings)}\n`);
}

function peersIn(list: string | undefined, scenario: Bench['scenario']): Bench['peers'] {
  const known = peersOf[scenario];
  const names = list?.split(',') ?? [];
  return names.map((name) => {
    const peer = known.find((one) => one === name);
    if (!peer)
      throw new CommandError(
        `${name} is no peer of ${scenario}: ${known.length > 0 ? `they are ${known.join(', ')}` : 'there is none'}`,
        2,
      );
    return peer;
  });
}
