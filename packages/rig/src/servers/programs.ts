import { accessSync, constants, existsSync, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { env } from 'node:process';

/** What scripts/services.sh makes, and where: as root for the whole machine, else for the user. */
const kafka = 'kafka-4.4.0';
const nats = 'nats-2.15.2';
const caches = [join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'hubbub'), '/var/cache/hubbub'];

/** Folders that are asked before PATH. Debian has PostgreSQL's programs in a folder for each version; the newest serves. */
function first(program: string): readonly string[] {
  if (program === 'nats-server') return caches.map((cache) => join(cache, nats));
  if (program === 'postgres' || program === 'initdb' || program === 'pg_basebackup') {
    const version = (path: string): number => Number(/(\d+)\/bin$/.exec(path)?.[1]);
    return globSync('/usr/lib/postgresql/*/bin').sort((a, b) => version(b) - version(a));
  }
  // The one on PATH runs it as the user rabbitmq, in the system's folders.
  if (program === 'rabbitmq-server') return ['/usr/lib/rabbitmq/bin'];
  return [];
}

/**
 * The path of a program, or undefined where this machine has none; of `kafka` the folder of its jars. Servers live in folders that only
 * root has on PATH.
 */
export function find(program: string): string | undefined {
  if (program === 'kafka') return caches.map((cache) => join(cache, kafka)).find((folder) => existsSync(folder));
  const path = [...(env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  const rest = program === 'rabbitmq-server' ? [] : path;
  return [...first(program), ...rest].map((folder) => join(folder, program)).find(isProgram);
}

/** The path of a program. Throws where this machine has none. */
export function need(program: string): string {
  const path = find(program);
  if (path === undefined) throw new Error(`no ${program} on this machine`);
  return path;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
