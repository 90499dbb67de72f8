import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';

/**
 * Free ports of 127.0.0.1, all different. They lie below those that the system gives to whoever connects: a server shall have the same one
 * after a restart, and meanwhile a client that tries again and again could be given it and connect to itself.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries += 1) {
    if (tries > 1_000) throw new Error('no free ports');
    const port = randomInt(10_000, 32_000);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

/** Whether one could listen there. */
export async function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer()
    .once('error', () => resolve(false))
    .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  return promise;
}

/** Whether a process holds a socket that listens at this port. False for one that has ended. */
export function listens(pid: number, port: number): boolean {
  const lines = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  const listening = lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === '0A' && Number.parseInt(local.split(':')[1] ?? '', 16) === port ? [`socket:[${inode}]`] : [];
  });
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((name) => listening.includes(readlinkSync(`${folder}/${name}`)));
  } catch {
    return false;
  }
}
