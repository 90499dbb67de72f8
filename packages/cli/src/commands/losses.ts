import { CommandError } from '../fail.ts';
import { lossFaults, lossSetting, losses as run } from '../losses/losses.ts';
import { lossesTable } from '../losses/losses-table.ts';
import { lacking } from '../prove/cluster.ts';

export interface LossesOptions {
  readonly faults?: string;
  readonly seconds?: number;
  readonly seed?: number;
  readonly json?: boolean;
}

const usualSeconds = 15;

/** Counts what clients lose on Hubbub and on Socket.IO under the same faults; what happens is told on stderr. */
export async function losses({
  faults: list,
  seconds = usualSeconds,
  seed = Math.floor(Math.random() * 2 ** 31),
  json,
}: LossesOptions): Promise<void> {
  const faults = list?.split(',') ?? lossFaults;
  for (const name of faults)
    if (!lossFaults.includes(name)) throw new CommandError(`${name} is no fault of losses: they are ${lossFaults.join(', ')}`, 2);
  const lack = lacking(lossSetting);
  if (lack !== undefined) throw new CommandError(`nothing can be counted here: ${lack}`, 2);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  try {
    const findings = await run({ faults, seconds, seed, say: (text) => void process.stderr.write(`${text}\n`), signal: stopping.signal });
    process.stdout.write(json ? `${JSON.stringify(findings)}\n` : `${lossesTable(findings)}\n\nseed ${seed}\n`);
  } catch (error) {
    throw stopping.signal.aborted ? new CommandError('broken off: nothing was counted', 2) : error;
  }
}
