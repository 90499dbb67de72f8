import { skewedClock } from '@hubbub/rig/skewed-clock';
import type { Fault, Scene, System } from './fault.ts';

const tenMinutes = 600;

/** It has died without a word; whoever sends at that moment does not know what became of it. */
export const killNode: Fault<System> = {
  name: 'kill-node',
  strike: async ({ server, pause }, dice) => {
    const { pid } = server;
    const { signal } = await server.end('SIGKILL');
    await pause(dice.between(0, 2_000));
    await server.start();
    return signal === 'SIGKILL' && !lives(pid) ? `process ${pid} was killed, process ${server.pid} took its place` : undefined;
  },
};

/** It is told to end, and is started again, as in every update. */
export const drainNode: Fault = {
  name: 'drain-node',
  strike: async (scene, dice) => {
    const { pid } = scene.server;
    await stop(scene);
    await scene.pause(dice.between(0, 1_000));
    await scene.server.start();
    return lives(pid) ? undefined : `process ${pid} was told to end, process ${scene.server.pid} took its place`;
  },
};

/** It stands still, as on a machine that is overloaded or moved, and goes on as if nothing had been. */
export const pauseNode: Fault<System> = {
  name: 'pause-node',
  strike: async ({ server, cluster, proxies, pause, brief }, dice) => {
    const bytes = (): number => [...proxies.values()].reduce((sum, { passed }) => sum + passed.down, 0);
    const seconds = brief ? 10 : dice.between(10, 30);
    server.pause(true);
    // What it had written before is on its way yet.
    await pause(1_000);
    const before = bytes();
    await pause((seconds - 1) * 1_000);
    // Where there are other nodes, clients hear from those.
    const still = server.state === 'T' && (cluster.nodes.length > 1 || bytes() === before);
    server.pause(false);
    return still ? `process ${server.pid} was stopped for ${seconds.toFixed(1)} s` : undefined;
  },
};

/** It runs on another time of day than everybody else, and then on the right one again. */
export const skew: Fault = {
  name: 'skew',
  lacks: async () => ((await skewedClock(0)) ? undefined : 'faketime is not installed'),
  strike: async (scene, dice) => {
    const { server, pause } = scene;
    const seconds = dice.chance(0.5) ? tenMinutes : -tenMinutes;
    await stop(scene);
    await server.start(await skewedClock(seconds));
    await pause(dice.between(4_000, 8_000));
    const shown = Date.parse((await server.ask('/healthz')).headers.get('date') ?? '');
    const off = Math.round((shown - Date.now()) / 1_000);
    await stop(scene);
    await server.start();
    return Math.abs(off - seconds) < 5 ? `its clock was off by ${off} s` : undefined;
  },
};

/** Tells the server to end, and holds it to ending well. */
export async function stop({ server, violate }: Scene): Promise<void> {
  const { code, signal } = await server.end('SIGTERM');
  if (code !== 0) violate(`the server was told to end, and ended with ${code ?? signal}`);
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
