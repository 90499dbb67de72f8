import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Made by Node for whoever asks it to keep compiled code, as npm does; for ever, and on purpose. */
const kept = ['node-compile-cache'];
const patience = 5_000;

/**
 * What tests have left behind whose temporary folder was `folder`: files there, and processes that have it as their own or work in it,
 * by name. A browser takes a moment to end, and so does who cleans up after a process that was killed: asked until nothing is left, for
 * 5 s at most. Then all of it is removed, so that the next ones are not blamed for it.
 */
export async function leftovers(folder: string): Promise<string[]> {
  const files = (): string[] => readdirSync(folder).filter((name) => !kept.includes(name));
  if (await holds(() => processesOf(folder).length + files().length === 0)) return [];
  const processes = processesOf(folder);
  const found = [...processes.map(({ pid, command }) => `process ${pid} (${command})`), ...files()];
  await end(folder);
  for (const name of files()) rmSync(join(folder, name), { recursive: true, force: true });
  return found;
}

/** Ends the processes of a run that is broken off. Who cleans up after others is let do so: it is asked as long as above. */
export async function endProcesses(folder: string): Promise<void> {
  if (!(await holds(() => processesOf(folder).length === 0))) await end(folder);
}

/** Again and again: one that is ended may have started another since it was looked for. */
async function end(folder: string): Promise<void> {
  await holds(() => {
    const still = processesOf(folder);
    for (const { pid } of still) attempt(() => process.kill(pid, 'SIGKILL'));
    return still.length === 0;
  });
}

async function holds(condition: () => boolean): Promise<boolean> {
  const deadline = performance.now() + patience;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

function processesOf(folder: string): { pid: number; command: string }[] {
  // Where there is no /proc, files are all that can be seen.
  const names = attempt(() => readdirSync('/proc')) ?? [];
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => belongs(pid, folder)).map((pid) => ({ pid, command: commandOf(pid) }));
}

/** Some write their title over their environment: they are known by where they work. One that has ended has neither. */
function belongs(pid: number, folder: string): boolean {
  const variables = attempt(() => readFileSync(`/proc/${pid}/environ`, 'utf8')) ?? '';
  const place = attempt(() => readlinkSync(`/proc/${pid}/cwd`)) ?? '';
  return variables.split('\0').includes(`TMPDIR=${folder}`) || place === folder || place.startsWith(`${folder}/`);
}

function commandOf(pid: number): string {
  const line = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '';
  return line.replaceAll('\0', ' ').trim().slice(0, 200);
}

/** Processes end, and belong to others, while one looks at them. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
