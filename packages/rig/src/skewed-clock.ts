import { Process } from './process.ts';

/**
 * What to add to the environment of a process so that its calendar is off by so many seconds, while its timers run as ever. Undefined
 * where `faketime` is not installed.
 */
export async function skewedClock(seconds: number): Promise<Record<string, string> | undefined> {
  const found = await Process.run({ command: 'faketime', args: ['-m', '-f', '+0s', 'printenv', 'LD_PRELOAD'] }).catch(() => undefined);
  const library = found?.stdout.trim();
  if (!library) return undefined;
  // The command itself stays beside what it runs, and signals would reach it alone: its library is what does the work.
  return {
    LD_PRELOAD: library,
    FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
}
