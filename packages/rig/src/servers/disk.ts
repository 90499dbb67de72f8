import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Process } from '../process.ts';
import type { RealServer } from './server.ts';

/** Told while the server is down: what was before is on the disk that counts, what comes later is not. */
export type Standstill = () => void;

/**
 * Copies the disk of a server that keeps its data in `folder`/data, which it goes down for. What it resolves with puts the copy back,
 * under the same address, as somebody does who restores a volume.
 */
export async function copyDisk(server: RealServer, standstill: Standstill = () => {}): Promise<(standstill?: Standstill) => Promise<void>> {
  const [data, copy] = [join(server.folder, 'data'), join(server.folder, 'copy')];
  const replace = async (from: string, to: string, told: Standstill): Promise<void> => {
    await server.kill();
    rmSync(to, { recursive: true, force: true });
    // With its owner, who may not be us.
    const { code, stderr } = await Process.run({ command: 'cp', args: ['-a', from, to] });
    if (code !== 0) throw new Error(`the disk of ${server.name} cannot be copied\n${stderr}`);
    told();
    await server.start();
  };
  await replace(data, copy, standstill);
  return (told = () => {}) => replace(copy, data, told);
}
