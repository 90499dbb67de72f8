import { readFileSync } from 'node:fs';
import { pause } from './clock.ts';

/** Less than this share of the machine's time is used by others. */
const calmShare = 0.2;
const lookMs = 400;
const patience = 20_000;

/** Waits for a moment in which the machine has little else to do, but not for ever: a run that is disturbed all the same is void. */
export async function untilCalm(): Promise<void> {
  const end = performance.now() + patience;
  while (performance.now() < end) {
    const before = machineTime();
    await pause(lookMs);
    const after = machineTime();
    if ((after.busy - before.busy) / Math.max(1, after.all - before.all) < calmShare) return;
  }
}

/** Of all processors together, in the kernel's ticks. */
function machineTime(): { readonly busy: number; readonly all: number } {
  const [, ...ticks] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/\s+/).map(Number);
  // The first eight: what follows is counted in them already. Idle, and waiting for a disk, is free.
  const all = ticks.slice(0, 8).reduce((sum, value) => sum + value, 0);
  return { all, busy: all - (ticks[3] ?? 0) - (ticks[4] ?? 0) };
}
