/** What all processes of a stack have used, by what they are, and what passed between them: as they stand now. */
import { readFileSync } from 'node:fs';
import { ask } from '@hubbub/rig/servers/ask';
import { familyOf } from '@hubbub/rig/servers/family';
import type { RealServer } from '@hubbub/rig/servers/server';
import type { Stack } from './stacks.ts';
import { usageOf } from './usage.ts';

/** Milliseconds of CPU. */
export interface StackCpu {
  readonly nodes: number;
  readonly redis: number;
  readonly postgres: number;
}

/** The kernel tells times of ended processes in hundredths of a second, on every machine. */
const tickMs = 10;

/** What every process of the stack has used since its start, those that have ended by now included. */
export function cpuOf({ nodes, redis, postgres }: Stack): StackCpu {
  return {
    nodes: nodes.reduce((sum, { pid }) => sum + processCpuMs(pid), 0),
    redis: familyCpuMs(redis),
    postgres: postgres ? familyCpuMs(postgres) : 0,
  };
}

function familyCpuMs({ folder, pid }: RealServer): number {
  return familyOf(folder, [pid]).reduce((sum, one) => sum + processCpuMs(one), 0);
}

/** Of a process, and of those of its children that have ended: these are nowhere else any more. 0 once it is one of them. */
function processCpuMs(pid: number): number {
  try {
    return usageOf(pid).cpuMs + endedChildrenMs(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return 0;
  }
}

/** Of a line of /proc/PID/stat: the milliseconds of CPU of those of its children that have ended and been waited for. */
export function endedChildrenMs(line: string): number {
  // Behind the name, which may hold anything: state is the third field of all, these are the sixteenth and seventeenth.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * tickMs;
}

export interface Passed {
  /** Messages that were given to Redis to hand on. */
  readonly published: number;
  /** Bytes that it has written to its clients. */
  readonly bytesOut: number;
  /** Messages that it has handed to nodes. */
  readonly heard: number;
  /** Write calls of the nodes' main threads, what they tell Redis and PostgreSQL included. */
  readonly writes: number;
  /** Of ours: batches appended, reads of the store, looks at it. */
  readonly appends: number;
  readonly reads: number;
  readonly looks: number;
}

/** What has passed since the start. */
export async function passedIn({ nodes, redis }: Stack): Promise<Passed> {
  const told = await Promise.all(nodes.map(async (node) => JSON.parse(await node.asked('counts')) as Partial<Passed>));
  const sum = (of: (counts: Partial<Passed>) => number | undefined): number => told.reduce((all, counts) => all + (of(counts) ?? 0), 0);
  const info = String(await ask(redis.port, 'INFO everything\r\nPING\r\n', (reply) => reply.includes('\r\n+PONG\r\n')));
  return {
    ...infoFigures(info),
    heard: sum(({ heard }) => heard),
    writes: nodes.reduce((all, { pid }) => all + usageOf(pid).writes, 0),
    appends: sum(({ appends }) => appends),
    reads: sum(({ reads }) => reads),
    looks: sum(({ looks }) => looks),
  };
}

/** From what Redis tells of itself (INFO): how often it was asked to publish, and what it has written. What it never did it does not name. */
export function infoFigures(info: string): Pick<Passed, 'published' | 'bytesOut'> {
  return {
    published: Number(/^cmdstat_publish:calls=(\d+)/m.exec(info)?.[1] ?? 0),
    bytesOut: Number(/^total_net_output_bytes:(\d+)/m.exec(info)?.[1] ?? 0),
  };
}
