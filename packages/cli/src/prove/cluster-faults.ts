/** What befalls the servers that the nodes stand on, and the ways to them. */
import type { FaultProxy, Ways } from '@hubbub/rig/proxy';
import { copyDisk } from '@hubbub/rig/servers/disk';
import type { RealServer } from '@hubbub/rig/servers/server';
import type { Dice } from '@hubbub/sim/random';
import type { Fault, Scene, System } from './fault.ts';
import { now } from './history.ts';
import { epochOf, probe } from './rooms.ts';

const hasBroker: Fault['applies'] = ({ broker }) => broker !== 'local';
const hasStore: Fault['applies'] = ({ store }) => store !== 'sqlite';

/** It dies, and comes back after a while, with nothing in it. */
export const killBroker: Fault<System> = {
  name: 'kill-broker',
  applies: hasBroker,
  strike: async ({ cluster: { broker }, crews, pause }, dice) => {
    if (!broker) return undefined;
    const { name, pid } = broker;
    await broker.kill();
    const before = (await crews.standing()).answered;
    await pause(dice.between(4_000, 8_000));
    const without = (await crews.standing()).answered - before;
    await broker.start();
    return without > 0
      ? `${name} (${pid}) was killed; ${without} events were acknowledged without it; ${broker.pid} took its place`
      : undefined;
  },
};

/** It is there again at once, and has forgotten everything. */
export const restartBroker: Fault<System> = {
  name: 'restart-broker',
  applies: hasBroker,
  strike: async ({ cluster: { broker }, pause }, dice) => {
    if (!broker) return undefined;
    const { name, pid } = broker;
    await broker.empty();
    await pause(dice.between(1_000, 3_000));
    return broker.pid === pid ? undefined : `${name} (${pid}) was killed, and an empty one (${broker.pid}) took its place`;
  },
};

/** One node and the broker do not hear each other, one way or both, and nobody is told. */
export const cutBroker: Fault<System> = {
  name: 'cut-broker',
  applies: hasBroker,
  impossible: ({ broker }) => (broker === 'kafka' ? 'kafka tells its clients where it is: nothing stands in between' : undefined),
  strike: async (scene, dice) => cut(scene, scene.cluster.brokerWays, dice, dice.between(6_000, 12_000), 'the broker'),
};

/** One node does not reach the store, and nobody is told. */
export const cutStore: Fault = {
  name: 'cut-store',
  applies: hasStore,
  strike: async (scene, dice) => cut(scene, scene.cluster.storeWays, dice, dice.between(4_000, 9_000), 'the store'),
};

async function cut(
  { cluster, server, pause }: System,
  ways: readonly FaultProxy[],
  dice: Dice,
  ms: number,
  what: string,
): Promise<string | undefined> {
  const way = ways[cluster.nodes.indexOf(server)];
  if (!way) return undefined;
  const directions: readonly [string, Ways][] = [
    ['no byte went there', { up: 'lose' }],
    ['no byte came from there', { down: 'lose' }],
    ['no byte went either way', { up: 'lose', down: 'lose' }],
  ];
  const [text, weather] = dice.pick(directions) ?? ['', {}];
  const links = [...way.links];
  way.set(weather);
  await pause(ms);
  const lost = [...new Set([...links, ...way.links])].reduce((sum, { up, down }) => sum + up.lost + down.lost, 0);
  way.set({ up: 'pass', down: 'pass' });
  return lost > 0 ? `between node ${server.pid} and ${what} ${text} for ${(ms / 1_000).toFixed(1)} s; ${lost} bytes vanished` : undefined;
}

/** The database dies, and is there again after a while with all that it had acknowledged. */
export const killStore: Fault = {
  name: 'kill-store',
  applies: hasStore,
  strike: async ({ cluster: { store }, pause }, dice) => away(store, () => pause(dice.between(3_000, 6_000))),
};

/** The same, at once. */
export const restartStore: Fault = {
  name: 'restart-store',
  applies: hasStore,
  strike: async ({ cluster: { store } }) => away(store, async () => {}),
};

async function away(store: RealServer | undefined, meanwhile: () => Promise<void>): Promise<string | undefined> {
  if (!store) return undefined;
  const { name, pid } = store;
  await store.kill();
  await meanwhile();
  await store.start();
  return store.pid === pid ? undefined : `${name} (${pid}) was killed, ${store.pid} took its place`;
}

/** Every answer of the database takes its time. */
export const slowStore: Fault = {
  name: 'slow-store',
  applies: hasStore,
  strike: async ({ cluster: { storeWays }, server, pause }, dice) => {
    const lateMs = Math.round(dice.between(200, 400));
    for (const way of storeWays) way.set({ down: { lateMs } });
    await pause(dice.between(3_000, 6_000));
    const from = now();
    const answer = await probe(server).catch(() => undefined);
    const took = now() - from;
    for (const way of storeWays) way.set({ down: 'pass' });
    return took >= lateMs
      ? `the store answered ${lateMs} ms late; a send took ${Math.round(took)} ms (${answer ?? 'no answer'})`
      : undefined;
  },
};

/** The balancer dies: all links are cut at once, and there is no way in until it is back. */
export const restartBalancer: Fault = {
  name: 'restart-lb',
  applies: ({ nodes }) => nodes > 1,
  strike: async ({ cluster: { balancer }, pause }, dice) => {
    if (!balancer) return undefined;
    const { pid } = balancer;
    await balancer.kill();
    await pause(dice.between(0, 2_000));
    await balancer.start();
    return balancer.pid === pid ? undefined : `the balancer (${pid}) was killed, ${balancer.pid} took its place`;
  },
};

/** The database's disk is put back as it was a while ago, under nodes that live on: a new epoch. */
export async function rollbackDatabase(scene: Scene, store: RealServer, dice: Dice): Promise<string | undefined> {
  const { cuts, pause, until } = scene;
  const before = await epochOf(scene);
  let copiedAt = 0;
  const putBack = await copyDisk(store, () => {
    copiedAt = now();
  });
  await pause(dice.between(4_000, 7_000));
  await putBack(() => void cuts.push({ copiedAt, putBackAt: now() }));
  const isOver = async (): Promise<boolean> => ![before, ''].includes(await epochOf(scene));
  return (await until(isOver, 20_000)) ? `epoch ${before} was followed by ${await epochOf(scene)}` : undefined;
}
