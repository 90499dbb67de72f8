import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Who listens on a TCP port of this machine, where Linux tells: `PROGRAM (process N)`. */
export function portOwner(port: number): string | undefined {
  try {
    const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(1));
    // Columns of proc(5): local address second, state fourth (0A: listening), inode tenth.
    const row = rows.map((text) => text.trim().split(/\s+/)).find((cells) => cells[1]?.endsWith(wanted) && cells[3] === '0A');
    const inode = row?.[9];
    const pid = inode === undefined ? undefined : holderOf(inode);
    return pid === undefined ? undefined : `${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()} (process ${pid})`;
  } catch {
    return undefined;
  }
}

function holderOf(inode: string): string | undefined {
  const socket = `socket:[${inode}]`;
  return readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && descriptors(pid).includes(socket));
}

/** Where a process's descriptors lead; those of other people's processes are not ours to see. */
function descriptors(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
  } catch {
    return [];
  }
}
