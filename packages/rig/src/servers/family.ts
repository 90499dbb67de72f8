import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

interface Relative {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly folder: string | undefined;
}

/**
 * The ids of all living processes of a server: `heads`, who shares their group or session, who works in `folder`, and all descendants of
 * these. A group alone is not enough: each of PostgreSQL's helpers makes a session of its own. A working folder alone is not: who may not
 * trace processes of other users cannot read it. Linux only.
 */
export function familyOf(folder: string, heads: Iterable<number>): number[] {
  const wanted = new Set(heads);
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (relative(Number(name)) ?? []) : []));
  const family = new Set<number>();
  const belongs = ({ pid, parent, group, session, folder: own }: Relative): boolean =>
    [pid, group, session].some((id) => wanted.has(id)) || family.has(parent) || own === folder || own?.startsWith(`${folder}/`) === true;
  for (let size = -1; size < family.size; ) {
    size = family.size;
    for (const one of all) if (belongs(one)) family.add(one.pid);
  }
  return [...family];
}

/** Undefined for one that has ended, also while nobody has asked how. */
function relative(pid: number): Relative | undefined {
  try {
    const [state, parent, group, session] = afterName(readFileSync(`/proc/${pid}/stat`, 'utf8')).split(' ');
    // While others of its threads live, it has ended in name only: they still hold what it had open.
    if (state === 'X' || (state === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1)) return undefined;
    return { pid, parent: Number(parent), group: Number(group), session: Number(session), folder: workingFolder(pid) };
  } catch {
    return undefined;
  }
}

function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** Sends a signal to each of these processes. Those that have ended already are fine. */
export function signalAll(pids: Iterable<number>, signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone.
    }
  }
}

/** SIGSTOP to each of these processes. When it returns, none of their threads runs: the signal alone takes a while to reach all. */
export function stopAll(pids: readonly number[]): void {
  signalAll(pids, 'SIGSTOP');
  const patience = performance.now() + 1_000;
  while (!pids.every(isStopped)) {
    if (performance.now() > patience) throw new Error(`processes ${pids.join(', ')} do not stop`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  }
}

/** Also one that has ended. */
function isStopped(pid: number): boolean {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.every((thread) => /^[TtZX] /.test(afterName(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))));
  } catch {
    // It or a thread of it ended while we looked.
    return !existsSync(`/proc/${pid}`);
  }
}

/** Of a line of /proc: what stands behind the name, which may hold anything. State, parent, group, session … */
function afterName(line: string): string {
  return line.slice(line.lastIndexOf(')') + 2);
}

/** Ends a server with all its helpers, stopped ones too. Resolves when none is left; throws after 10 s. */
export async function endFamily(folder: string, heads: readonly number[]): Promise<void> {
  // A stopped one forks no more, so that none is missed below.
  signalAll(heads, 'SIGSTOP');
  const patience = performance.now() + 10_000;
  // Whoever lost his parent is still known by his own id.
  const known = new Set(heads);
  for (;;) {
    const family = familyOf(folder, known);
    if (family.length === 0) return;
    if (performance.now() > patience) throw new Error(`processes ${family.join(', ')} of ${folder} do not end`);
    for (const pid of family) known.add(pid);
    signalAll(family, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
