import { cpSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SmallDisk } from '@hubbub/rig/small-disk';
import { rollbackDatabase } from './cluster-faults.ts';
import type { Fault } from './fault.ts';
import { now } from './history.ts';
import { stop } from './process-faults.ts';
import { epochOf, probe } from './rooms.ts';

/** A write-ahead log that has grown before is written over for a while before it needs room. */
const untilFull = 90_000;

/** The disk has no room for one more event; then it has again. */
export const fullDisk: Fault = {
  name: 'full-disk',
  needsDisk: true,
  applies: ({ store }) => store === 'sqlite',
  lacks: mountable,
  strike: async ({ server, disk, pause, until }, dice) => {
    if (!disk) return undefined;
    let taken = 0;
    const full = async (): Promise<boolean> => {
      // What the server gives back is taken too: there is no room left when this resolves.
      taken += await disk.fill();
      return (await probe(server)) === 'unavailable';
    };
    const seen = await until(full, untilFull);
    for (let rest = dice.between(3_000, 8_000); rest > 0; rest -= 500) {
      await pause(500);
      taken += await disk.fill();
    }
    disk.free();
    return seen ? `ENOSPC after ${taken} bytes, and the server wrote nothing` : undefined;
  },
};

/** The server is stopped, and an older copy of its folder stands there when it starts again: a new epoch. */
export const rollbackStore: Fault = {
  name: 'rollback-store',
  strike: async (scene, dice) => {
    const { server, cluster, cuts, pause } = scene;
    if (cluster.store) return rollbackDatabase(scene, cluster.store, dice);
    const before = await epochOf(scene);
    const copy = mkdtempSync(join(tmpdir(), 'hubbub-copy-'));
    try {
      await stop(scene);
      cpSync(server.data, copy, { recursive: true });
      const copiedAt = now();
      await server.start();
      await pause(dice.between(3_000, 6_000));
      await stop(scene);
      rmSync(server.data, { recursive: true });
      cpSync(copy, server.data, { recursive: true });
      cuts.push({ copiedAt, putBackAt: now() });
      await server.start();
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
    const after = await epochOf(scene);
    return after === before ? undefined : `epoch ${before} was followed by ${after}`;
  },
};

/** Root alone may, and not everywhere: in a container it may be forbidden to root as well. */
async function mountable(): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'hubbub-disk-'));
  try {
    await using _disk = await SmallDisk.mount(folder, 1);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    rmdirSync(folder);
  }
}
