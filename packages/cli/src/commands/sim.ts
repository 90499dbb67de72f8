import { simulate, simulateBugs } from '@hubbub/sim/sim';

export interface SimOptions {
  readonly seeds: number;
  readonly from: number;
  readonly json?: boolean;
  readonly bugs?: boolean;
}

/** Runs the deterministic cluster; ends with 1 on any broken promise, any mechanism that never came about, any bug that got away. */
export async function sim({ seeds, from, json, bugs }: SimOptions): Promise<void> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  if (bugs) {
    const reports = await simulateBugs(from, [], ({ name, caught }) => {
      say(
        caught ? `caught   ${name}: seed ${caught.seed}, the ${caught.after}. one: ${caught.violation.split('\n')[0]}` : `GOT AWAY ${name}`,
      );
    });
    const away = reports.filter(({ caught }) => !caught);
    if (json) process.stdout.write(`${JSON.stringify({ bugs: reports })}\n`);
    else process.stdout.write(`${reports.length - away.length} of ${reports.length} planted bugs caught\n`);
    process.exitCode = away.length > 0 ? 1 : 0;
    return;
  }
  const report = await simulate(
    from,
    seeds,
    () => performance.now(),
    (done) => {
      if (done % 100 === 0) say(`${done} of ${seeds} seeds`);
    },
  );
  for (const { seed, violations } of report.failures) say(`seed ${seed}:\n  ${violations.join('\n  ')}`);
  for (const name of report.missing) say(`${name}: ${report.mechanisms[name] ? 'must not happen, and did' : 'must happen, and never did'}`);
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    for (const [name, count] of Object.entries(report.mechanisms)) process.stdout.write(`${String(count).padStart(9)} ${name}\n`);
    process.stdout.write(
      `${report.seeds} seeds, ${report.events} events, ${report.failures.length} failures, ${report.cutOff} cut off by rollbacks, ${report.seedsPerSecond} seeds/s\n`,
    );
  }
  process.exitCode = report.failures.length > 0 || report.missing.length > 0 ? 1 : 0;
}
