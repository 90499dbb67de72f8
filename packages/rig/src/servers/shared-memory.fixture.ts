import { readFileSync } from 'node:fs';

/** The pieces of System V memory that these processes have made: a line each, with key, id, mode, size, maker. */
export function segmentsOf(makers: readonly number[]): string[] {
  const [, ...lines] = readFileSync('/proc/sysvipc/shm', 'utf8').trim().split('\n');
  return lines.filter((line) => makers.includes(Number(line.trim().split(/\s+/)[4])));
}
