import { type Client, connect } from '@hubbub/client/client';
import { Cluster } from './cluster.ts';
import { dialer, type SimulatedLink } from './link.ts';
import { Record } from './record.ts';
import { World } from './world.ts';

/** Who misbehaves, and how. */
export type Offender = 'slow' | 'flapping' | 'signalling' | 'malformed' | 'refused';
export const offenders: readonly Offender[] = ['slow', 'flapping', 'signalling', 'malformed', 'refused'];

/** What somebody was given: when, and which bytes. */
export type Given = readonly (readonly [at: number, text: string])[];

const quiet = ['ann', 'ben', 'cem'];
export const mallory = 'mallory';
const until = 20_000;

/**
 * I9, exactly: two nodes on which work takes no time and every way takes the same; three people talk in one room, a fourth pours into
 * another. With `offender` somebody reads there, or tries to, and does it badly. What the three were given, and when, must be the
 * same to the byte and the millisecond. What the offender was given is told besides.
 */
export async function runIsolated(seed: number, offender?: Offender): Promise<ReadonlyMap<string, Given>> {
  const world = new World(seed);
  world.idle = true;
  const given = new Map<string, [number, string][]>();
  const cluster = new Watched(world, new Record(), {});
  cluster.storeWeather.fixed = 1;
  cluster.storeWeather.taken = 0;
  cluster.onWrote = (name, text) => {
    const own = given.get(name) ?? [];
    own.push([world.now, text]);
    given.set(name, own);
  };
  for (let node = 0; node < 2; node++) cluster.start();

  for (const name of quiet) {
    const { client, actor } = person(cluster, name);
    void client.send('room:a', { kind: 'join', body: {} });
    actor.after(300, () => client.subscribe('room:a', { position: '0', onEvents: () => {} }));
    const talk = (): void => {
      client.send('room:a', { kind: 'say', body: { text: 'x'.repeat(actor.dice.below(200)) } }).catch(() => {});
      actor.after(actor.dice.between(200, 900), talk);
    };
    actor.after(600, talk);
  }
  const flood = person(cluster, 'flood');
  void flood.client.send('room:z', { kind: 'join', body: {} });
  const pour = (): void => {
    flood.client.send('room:z', { kind: 'say', body: { text: 'x'.repeat(8_000) } }).catch(() => {});
    flood.actor.after(100, pour);
  };
  flood.actor.after(500, pour);
  if (offender) misbehave(cluster, offender);

  await world.run(until);
  return new Map([...quiet, ...(offender ? [mallory] : [])].map((name) => [name, given.get(name) ?? []]));
}

class Watched extends Cluster {
  onWrote: (name: string, text: string) => void = () => {};
  readonly namesOf = new Map<unknown, string>();

  override wrote(link: SimulatedLink, text: string): void {
    this.onWrote(this.namesOf.get(link.client) ?? '', text);
  }
}

function person(cluster: Watched, name: string): { client: Client; actor: ReturnType<World['actor']> } {
  const actor = cluster.world.actor(`user ${name}`);
  cluster.namesOf.set(actor, name);
  const weather = () => ({ delay: () => 2, bandwidth: 1_000 });
  const dial = dialer(actor, () => cluster.door(actor), weather, cluster);
  return { actor, client: connect({ url: 'sim://cluster', credentials: { name }, env: actor.env(), dial }) };
}

function misbehave(cluster: Watched, offender: Offender): void {
  const { client, actor } = person(cluster, mallory);
  const again = (ms: number, run: () => void): void => {
    run();
    actor.after(ms, () => again(ms, run));
  };
  const read = (): void => void client.subscribe('room:z', { position: '0', onEvents: () => {}, onPresence: () => {} });
  // Or it would not be let in, and harm nobody.
  if (offender !== 'malformed' && offender !== 'refused') void client.send('room:z', { kind: 'join', body: {} });
  const mine = (): SimulatedLink | undefined => [...cluster.links].find((link) => link.client === actor);
  switch (offender) {
    case 'slow':
      actor.after(400, () => {
        read();
        mine()?.read(false);
      });
      return;
    case 'flapping':
      actor.after(400, () => {
        read();
        again(700, () => mine()?.cut());
      });
      return;
    case 'signalling':
      actor.after(400, () => {
        read();
        again(20, () => client.signal('room:z', 'typing', { text: 'x'.repeat(1_000) }));
      });
      return;
    case 'malformed':
      actor.after(400, () => {
        again(150, () => {
          for (const text of ['{', '{"req":1,"cmd":"nonsense"}', '{"req":2,"cmd":"subscribe","to":[]}', 'x'.repeat(5_000)])
            mine()?.inject(text);
        });
      });
      return;
    case 'refused':
      actor.after(400, () => {
        again(200, () => {
          mine()?.inject('{"req":900,"cmd":"subscribe","to":[{"channel":"room:a","position":"0"},{"channel":"user:ann"}]}');
        });
      });
      return;
  }
}
