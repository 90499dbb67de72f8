import type { FaultProxy } from '@hubbub/rig/proxy';
import { type Fault, type LinkFault, victims, type Ways } from './fault.ts';

/** What the kernels on the way swallow is less than half of it. */
const offeredBytes = 17e6;
const eventBytes = 15_000;
const flapMs = 5_000;
/** A client gives a silent link up after 20 s; a server after 60 s, when the next beat comes round. */
const clientPatience = 45_000;
const serverPatience = 100_000;

/** Some clients take nothing, while much is said that they should hear. */
export const slowClient: LinkFault = {
  name: 'slow-client',
  strike: async (scene, dice) => {
    const slow = victims(scene, dice);
    for (const proxy of slow.values()) proxy.set({ down: 'hold' });
    const before = bytesDown(slow);
    await scene.crews.bulk(Math.ceil(offeredBytes / eventBytes), eventBytes, [...slow.keys()]);
    await scene.pause(dice.between(5_000, 15_000));
    const still = bytesDown(slow) === before;
    for (const proxy of slow.values()) proxy.set({ down: 'pass' });
    return still ? `${slow.size} clients took no byte while ${offeredBytes / 1e6} MB were said` : undefined;
  },
};

/** Some clients have a line that lets one byte through a second, either way. */
export const dribble: LinkFault = {
  name: 'dribble',
  strike: async (scene, dice) => {
    const slow = victims(scene, dice);
    const seconds = dice.between(8, 25);
    const links = [...slow.values()].reduce((sum, { opened }) => sum + opened, 0);
    for (const proxy of slow.values()) proxy.set({ up: 'dribble', down: 'dribble' });
    const before = bytesDown(slow);
    await scene.pause(seconds * 1_000);
    const bytes = bytesDown(slow) - before;
    const used = [...slow.values()].reduce((sum, { opened }) => sum + opened, 0) - links + slow.size;
    for (const proxy of slow.values()) proxy.set({ up: 'pass', down: 'pass' });
    const slowly = bytes > 0 && bytes <= used * (seconds + 1);
    return slowly ? `${slow.size} clients got ${bytes} bytes in ${seconds.toFixed(1)} s` : undefined;
  },
};

/** A fifth of the links is reset every five seconds. */
export const flapClients: Fault<Ways> = {
  name: 'flap-clients',
  strike: async (scene, dice) => {
    const rounds = 2 + dice.below(3);
    let reset = 0;
    for (let round = 0; round < rounds; round++) {
      if (round > 0) await scene.pause(flapMs);
      for (const proxy of victims(scene, dice).values()) reset += proxy.reset();
    }
    return reset > 0 ? `${reset} links were reset, in ${rounds} rounds` : undefined;
  },
};

/** All links are cut at once, and everybody comes back. */
export const storm: LinkFault = {
  name: 'storm',
  strike: async ({ proxies, until }) => {
    const opened = [...proxies.values()].map((proxy) => proxy.opened);
    const cut = [...proxies.values()].reduce((sum, proxy) => sum + proxy.reset(), 0);
    await until(() => [...proxies.values()].every((proxy, at) => proxy.opened > (opened[at] ?? 0)), clientPatience);
    return cut > 0 ? `${cut} links were cut at once` : undefined;
  },
};

/** The links of some clients lead nowhere, and nobody is told. They have to find out by themselves, and so has the server. */
export const halfOpen: LinkFault = {
  name: 'half-open',
  strike: async (scene, dice) => {
    const { numbers, proxies, until, violate } = scene;
    const some = victims(scene, dice);
    const dead = [...some.values()].flatMap(({ links }) => [...links]);
    for (const link of dead) link.set({ up: 'lose', down: 'lose' });
    const isBack = ({ links }: FaultProxy): boolean => [...links].some((link) => !dead.includes(link));
    const back = await until(() => [...some.values()].every(isBack), clientPatience);
    if (!back) violate(`I12: a client did not give a dead link up within ${clientPatience / 1_000} s`);
    const lost = dead.reduce((sum, { up, down }) => sum + up.lost + down.lost, 0);
    // Of a server that tells us nothing we see that it closes what is dead: through the proxy, which keeps that to itself.
    const isRid = async (): Promise<boolean> =>
      numbers ? (await numbers())['links'] === proxies.size : dead.every(({ down }) => down.senderClosed);
    const letGo = await until(isRid, serverPatience);
    if (!letGo) violate(`I8: the server did not let go of dead links within ${serverPatience / 1_000} s more`);
    for (const link of dead) link.reset();
    return dead.length > 0 && lost > 0 ? `${dead.length} links led nowhere, ${lost} bytes vanished` : undefined;
  },
};

function bytesDown(proxies: ReadonlyMap<string, FaultProxy>): number {
  return [...proxies.values()].reduce((sum, { passed }) => sum + passed.down, 0);
}
