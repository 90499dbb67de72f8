import { readFileSync, statSync } from 'node:fs';

/**
 * The process that holds a file's lock, where Linux tells (proc_locks(5)). Only read: to try the lock would be to take it for a moment,
 * and a server that starts in that moment would be refused.
 */
export function holderOf(file: string): number | undefined {
  try {
    const { ino } = statSync(file, { bigint: true });
    const locks = readFileSync('/proc/locks', 'utf8').split('\n');
    // `1: POSIX ADVISORY WRITE 4711 fd:01:123456 1073741824 1073742335`; `->` marks one who waits.
    const cells = locks.map((line) => line.trim().split(/\s+/)).find((row) => row[1] !== '->' && row[5]?.endsWith(`:${ino}`));
    return cells?.[4] === undefined ? undefined : Number(cells[4]);
  } catch {
    return undefined;
  }
}
