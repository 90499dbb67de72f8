import { uuidv7 } from '@hubbub/protocol/id';
import type { Cluster } from './cluster.ts';
import type { SimulatedLink } from './link.ts';
import type { Actor } from './world.ts';

/** Behind the numbers of any client's own commands. */
const firstNumber = 1_000_000;

/**
 * While somebody's command is being carried out he loses what it needs, and has it back soon: by somebody else's command, which his own
 * node hears of at once, or by a program that writes to the database, which it has to find. Links break, and pages are asked
 * for, so that there is something to race with. Returns what ends it.
 */
export function raceRights(cluster: Cluster, actor: Actor): () => void {
  const { dice, world } = actor;
  const busy = new Set<Actor>();
  let number = firstNumber;
  const take = (link: SimulatedLink, channel: string, banned: boolean): void => {
    const others = [...cluster.links].filter(({ client, node }) => client !== link.client && node === link.node);
    const by = dice.chance(0.6) ? dice.pick(others) : undefined;
    if (!by) return banned ? cluster.rule(link.client, 'ban') : cluster.admitTo(channel, link.client, dice.chance(0.7) ? 'kick' : 'leave');
    const user = cluster.userOf(link.client);
    number += 1;
    const event = { id: uuidv7(actor.env()), kind: banned ? 'ban' : 'kick', body: { of: user } };
    by.inject(JSON.stringify({ req: number, cmd: 'send', channel: banned ? `user:${user}` : channel, events: [event] }));
  };
  cluster.onAsked = (link, command, channel) => {
    const { client, node } = link;
    if (busy.has(client) || !channel.startsWith('room:') || (command === 'send' && dice.chance(0.3))) return;
    busy.add(client);
    world.count(`raced_${command}`);
    // Stopped with the question out: the answer is old when it is read.
    const stops = !cluster.settling && dice.chance(0.4);
    if (stops)
      actor.after(dice.between(0, 6), () => {
        const until = world.now + dice.between(800, 1_900);
        if (!cluster.settling) node.stop(until);
      });
    const banned = stops || dice.chance(0.4);
    actor.after(dice.between(0, 20), () => (stops ? cluster.rule(client, 'ban') : take(link, channel, banned)));
    actor.after(stops ? dice.between(2_000, 4_000) : dice.between(60, 1_500), () => {
      if (banned) cluster.rule(client, 'pardon');
      else cluster.admitTo(channel, client, 'join');
      busy.delete(client);
    });
  };
  const ask = (): void => {
    if (!cluster.onAsked) return;
    const link = dice.pick([...cluster.links]);
    if (link && dice.chance(0.3)) link.cut();
    else link?.inject(`{"req":${firstNumber},"cmd":"history","channel":"${dice.pick([...cluster.data.channels.keys()])}"}`);
    actor.after(dice.between(50, 400), ask);
  };
  ask();
  return () => {
    cluster.onAsked = undefined;
  };
}
