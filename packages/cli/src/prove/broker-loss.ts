import { framesOf } from '@hubbub/rig/lossy/frames';
import type { Fault } from './fault.ts';

/** Of what the broker sends to one node, or to each of them, a share does not arrive: no link breaks, and no error is told. */
export const lossyBroker: Fault = {
  name: 'lossy-broker',
  applies: ({ broker }) => broker !== 'local',
  impossible: ({ broker }) => (broker === 'local' || framesOf(broker) ? undefined : `what ${broker} sends cannot be lost piece by piece`),
  strike: async ({ cluster: { nodes, brokerLosses, brokerWays }, server, brief, pause }, dice) => {
    const all = dice.chance(0.5);
    const ways = brokerLosses.filter((_, node) => all || nodes[node] === server);
    const links = (): number => brokerWays.reduce((sum, { opened }) => sum + opened, 0);
    const share = dice.between(0.2, 0.6);
    const ms = brief ? 4_000 : dice.between(6_000, 12_000);
    const before = links();
    for (const way of ways) way.begin(() => dice.chance(share));
    await pause(ms);
    const losses = ways.map((way) => way.end());
    const [came, lost] = [losses.reduce((sum, one) => sum + one.came, 0), losses.reduce((sum, one) => sum + one.lost, 0)];
    // A link that breaks is told of, and is another fault.
    if (lost === 0 || links() !== before) return undefined;
    const whom = all ? 'to all nodes' : `to node ${server.pid}`;
    return `of ${came} envelopes from the broker ${whom} ${lost} were lost in ${(ms / 1_000).toFixed(1)} s, and no link broke`;
  },
};
