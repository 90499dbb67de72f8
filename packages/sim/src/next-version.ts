import { uuidv7 } from '@hubbub/protocol/id';
import type { Cluster } from './cluster.ts';
import type { Actor } from './world.ts';

/** Behind the numbers of any client's own commands. */
const firstNumber = 2_000_000;
const codes = ['maintenance', 'toString', '__proto__'];

/**
 * Half of the cluster has been renewed: a program of the next version speaks on the broker, answers clients with more members, pushes and
 * codes than they know, and its clients give commands with members that this one does not know. Returns what ends it.
 */
export function speakAsTheNext(cluster: Cluster, actor: Actor): () => void {
  const { dice, world } = actor;
  const broker = cluster.stranger();
  let number = firstNumber;

  const onTheBroker = (): void => {
    const log = dice.pick([...cluster.data.channels.values()]);
    if (!log) return;
    const { epoch, mark } = cluster.data.pair;
    const { name, standing } = log;
    const node = 'next';
    const first = { cluster: cluster.data.cluster, node, epoch, mark, channel: name };
    const envelopes = [
      { v: 1, ...first, head: standing.head, hops: 1, trace: { id: 'x' } },
      { v: 2, ...first, head: standing.head + 1_000 },
      { v: 2, kind: 'signal', ...first, text: '' },
    ];
    for (const envelope of envelopes) {
      world.count('next_envelope');
      broker.publish(name, JSON.stringify(envelope));
    }
    for (const kind of ['receipt', 'constructor']) {
      world.count('next_note');
      broker.publish(name, `${JSON.stringify({ v: 1, kind, ...first, hops: 1 })}\n{"text":"x"}`);
    }
  };

  const toClients = (): void => {
    const link = dice.pick([...cluster.links]);
    world.count('next_push');
    link?.push(`{"push":"weather","channel":"room:a","state":"gone","events":[],"epoch":"x"}`);
    link?.push(`{"res":${firstNumber},"what":"for nobody"}`);
  };

  const fromClients = (): void => {
    const link = dice.pick([...cluster.links]);
    const channel = dice.pick([...cluster.data.channels.keys()]) ?? '';
    const id = uuidv7(actor.env());
    const event = { id, kind: 'say', body: { text: 'unasked' } };
    const commands = [
      { cmd: 'send', channel, events: [event], silent: true },
      { cmd: 'send', channel, events: [{ ...event, thread: 1 }] },
      { cmd: 'whisper', channel, events: [event] },
    ];
    cluster.record.unasked.add(id);
    for (const command of commands) {
      world.count('next_command');
      number += 1;
      link?.inject(JSON.stringify({ req: number, ...command }));
    }
  };

  /** One more member everywhere, and now and then a code that nobody knows in the place of one that passes. */
  cluster.next = (frame) => {
    world.count('next_member');
    const longer = `${frame.slice(0, -1)},"since":{"v":2}}`;
    if (!dice.chance(0.6) || !longer.includes('"retryAfter"')) return longer;
    const changed = longer.replace(/"error":\{"code":"(busy|unavailable|overloaded|too_fast)"/, `"error":{"code":"${dice.pick(codes)}"`);
    if (changed !== longer) world.count('next_code');
    return changed;
  };

  const speak = (): void => {
    if (!cluster.next) return;
    onTheBroker();
    toClients();
    fromClients();
    actor.after(dice.between(50, 400), speak);
  };
  speak();
  return () => {
    cluster.next = undefined;
    void broker.close();
  };
}
