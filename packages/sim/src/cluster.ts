import { uuidv7 } from '@hubbub/protocol/id';
import type { Broker, BrokerSinks } from '@hubbub/server/broker/broker';
import { isNote } from '@hubbub/server/broker/envelope';
import { type LocalBus, localBus } from '@hubbub/server/broker/local';
import { type Loss, lossy } from '@hubbub/server/broker/lossy';
import { createNode, type NodeParts } from '@hubbub/server/core/node';
import { openPresence } from '@hubbub/server/presence/presence';
import { createMemoryData, type MemoryData } from '@hubbub/server/store/memory/data';
import type { FactWrite, Store } from '@hubbub/server/store/store';
import { inside, simulatedAuthority } from './authority.ts';
import { BrokerServer } from './broker.ts';
import type { Door, SimulatedLink, Wire } from './link.ts';
import type { ClusterMember } from './member.ts';
import { randomStream } from './random.ts';
import type { Record } from './record.ts';
import { Scribe, type Surroundings } from './scribe.ts';
import { fairStore, type StoreWeather, simulatedStore, type Way } from './store.ts';
import { away, simulatedIdentity } from './tokens.ts';
import type { Actor, World } from './world.ts';

/** What a test may put in a member's place, to see that the checker notices. */
export interface Plants {
  store?(store: Store, actor: Actor): Store;
}

/** Bounds that a few people can reach. */
export interface Narrow extends Pick<NodeParts, 'lane' | 'hellos'> {
  /** More sessions in a channel are a crowd. */
  readonly crowd?: number;
}

/** Nodes, the database they share and the bus between them. */
export class Cluster implements Wire {
  readonly world: World;
  readonly record: Record;
  readonly data: MemoryData;
  readonly storeWeather: StoreWeather = fairStore();
  readonly members: ClusterMember[] = [];
  readonly links = new Set<SimulatedLink>();
  readonly broker = new BrokerServer();
  /** Members that are going, and still get links. */
  readonly #leaving = new Set<ClusterMember>();
  readonly #database: Actor;
  readonly #bus: LocalBus;
  readonly #plants: Plants;
  readonly #userOf = new Map<Actor, string>();
  readonly #scribe: Scribe;
  /** Gaps of the broker that living nodes were told of. */
  gaps = 0;
  /** How likely a question to the identity finds it away, for a while from then on. */
  identityAway = 0;
  /** How far the database's calendar has jumped, in milliseconds. */
  calendar = 0;
  /** By how much the clocks of nodes may run too fast or too slow, each from a time of its own; undefined: all run alike. */
  skew: number | undefined;
  /** A copy of the database has been taken, to be put back. */
  copied = false;
  /** Nodes are of the next version: what they write to clients is changed by this. */
  next: ((frame: string) => string) | undefined;
  /** Hears what clients ask for, as it reaches a node. */
  onAsked: Surroundings['onAsked'] | undefined;
  #started = 0;
  #settledAt = 0;

  constructor(world: World, record: Record, plants: Plants) {
    this.world = world;
    this.record = record;
    this.#plants = plants;
    this.#scribe = new Scribe(world, record, {
      userOf: (client) => this.userOf(client),
      memberOf: (node) => this.members.find(({ actor }) => actor === node),
      onAsked: (...asked) => this.onAsked?.(...asked),
    });
    this.#database = world.actor('database');
    const bus = world.actor('bus');
    this.#bus = localBus((run) => void bus.after(0.2, run));
    this.data = createMemoryData({
      now: () => Math.floor(world.now + this.calendar) + 1_764_000_000_000,
      random: this.#database.dice.random,
    });
  }

  /** Starts a node; it takes links at once. */
  start({ crowd, ...narrow }: Narrow = {}): ClusterMember {
    this.#started += 1;
    const name = `node-${this.#started}`;
    const actor = this.world.actor(name);
    if (this.skew !== undefined) {
      const { dice } = this.world.actor(`${name} clock`);
      actor.sets(dice.below(10_000_000), dice.between(1 - this.skew, 1 + this.skew));
    }
    const loss: Loss = { drop: 0, double: 0, late: 0, lateMs: 400, usualMs: 2, deaf: false, mute: false };
    const onCommit: Parameters<typeof simulatedStore>[5] = (items, outcomes, epoch, setOut) =>
      this.record.committed(items, outcomes, epoch, this.world.now, setOut);
    const storeWay: Way = { cut: false, seen: { epoch: '', commits: 0 } };
    const open = (way: Way): Store => {
      const store = simulatedStore(actor, this.#database, this.data, this.storeWeather, way, onCommit);
      return this.#plants.store?.(store, actor) ?? store;
    };
    /** For those that only ask: what they alone have been told of, they have nobody to tell. */
    const asking = (): Store =>
      open({
        seen: storeWay.seen,
        get cut() {
          return storeWay.cut;
        },
      });
    const env = actor.env<Parameters<ReturnType<Actor['env']>['count']>[0]>();
    const way = this.world.actor(`${name} way`);
    const broker = this.broker.connect(this.#bus.open, this.world.actor(`${name} broker`), () => this.#wayChanged(member));
    const node = createNode({
      env,
      store: open(storeWay),
      broker: (given) => {
        // What the bus delivers is work of this node's.
        const sinks: BrokerSinks = {
          onEnvelope: (...envelope) => void actor.after(0, () => given.onEnvelope(...envelope)),
          onGap: (reason) => {
            actor.after(0, () => {
              this.gaps += 1;
              given.onGap(reason);
            });
          },
        };
        const chances = this.#chances(way.name);
        return lossy(broker.open, { random: chances, timer: (ms, run) => way.after(ms, run), loss })(sinks);
      },
      authority: simulatedAuthority(asking()),
      identity: away(
        simulatedIdentity(asking(), env, () => this.world.now),
        this.world.actor(`${name} identity`).dice,
        () => this.world.now,
        () => this.identityAway,
      ),
      presence: openPresence({ ...(crowd !== undefined && { sessions: crowd }) }),
      build: 'sim',
      ...narrow,
    });
    const member: ClusterMember = {
      ...{ name, actor, node, loss, storeWay, broker },
      door: { actor, attach: (transport) => node.attach(transport) },
      wayChangedAt: this.world.now,
      heldAt: this.world.now,
    };
    void node.start();
    this.members.push(member);
    return member;
  }

  /** SIGKILL: it does nothing any more; its links break. What it has sent to the database may still be done there. */
  kill(member: ClusterMember): void {
    this.members.splice(this.members.indexOf(member), 1);
    member.actor.dead = true;
    this.spoil(member, { deaf: true, mute: true });
    for (const link of [...this.links]) if (link.node === member.actor) link.cut();
  }

  /** SIGTERM: it says bye, answers what it has taken, and ends; `ms`: when its clients have moved over, or after so long. */
  drain(member: ClusterMember, ms: number): void {
    this.members.splice(this.members.indexOf(member), 1);
    // The balancer finds out in its own time.
    this.#leaving.add(member);
    this.world.actor(`${member.name} at the balancer`).after(Math.min(ms, 1_500), () => this.#leaving.delete(member));
    member.actor.after(0, () => {
      void member.node.close(ms).then(() => {
        this.#leaving.delete(member);
        member.actor.dead = true;
        for (const link of [...this.links]) if (link.node === member.actor) link.cut();
      });
    });
  }

  /** From now on the way of a member over the broker is like this. */
  spoil(member: ClusterMember, loss: Partial<Loss>): void {
    Object.assign(member.loss, loss);
    this.#wayChanged(member);
  }

  #wayChanged(member: ClusterMember): void {
    member.wayChangedAt = this.world.now;
  }

  /** What a balancer does: any node that takes links. */
  door(client: Actor): Door | undefined {
    return client.dice.pick([...this.members, ...this.#leaving])?.door;
  }

  /** Whether somebody cannot see the database: what he alone had seen of it, nobody else can miss. */
  get divided(): boolean {
    return this.storeWeather.down || this.members.some(({ actor, storeWay }) => actor.stopped || storeWay.cut);
  }

  /** A rollback has just been: until everybody has seen it, nobody is taken out of sight of the database. */
  get settling(): boolean {
    return this.world.now < this.#settledAt;
  }

  /** Whether somebody who can say so has been told of more than so many commits of the present history. */
  witnessed(commits: number): boolean {
    const { down, refused, usual } = this.storeWeather;
    if (down || refused > 0 || usual > 1) return false;
    const { epoch } = this.data;
    return this.members.some(
      ({ actor, storeWay: { cut, seen } }) => !actor.stopped && !cut && seen.epoch === epoch && seen.commits > commits,
    );
  }

  /** Puts a former state of the database back, under everybody's feet. */
  rollBack(snapshot: ReturnType<MemoryData['snapshot']>): void {
    const { epoch } = this.data;
    this.data.restore(snapshot);
    const heads = new Map([...this.data.channels].map(([channel, log]) => [channel, log.standing.head]));
    this.record.cuts.push({ epoch, heads, at: this.world.now });
    this.storeWeather.connections += 1;
    this.#settledAt = this.world.now + 3_000;
  }

  /** Bans or pardons whoever is behind a client, without any node. */
  rule(client: Actor, kind: 'ban' | 'pardon'): void {
    const user = this.userOf(client);
    this.#write(`user:${user}`, user, kind, { key: 'banned', value: kind === 'ban' ? 'true' : null });
  }

  /** The same for one channel. */
  admitTo(channel: string, client: Actor, kind: 'join' | 'leave' | 'kick'): void {
    const user = this.userOf(client);
    this.#write(channel, user, kind, { key: `member:${user}`, value: kind === 'join' ? inside : null });
  }

  #write(channel: string, user: string, kind: string, fact: FactWrite): void {
    // Past the nodes, it has to keep to the rule for itself: nothing is appended until a rollback has been noticed.
    if (this.settling) return void this.#database.after(3_000, () => this.#write(channel, user, kind, fact));
    const id = uuidv7(this.#database.env());
    const from = kind === 'join' || kind === 'leave' ? user : 'admin';
    const items = [{ channel, id, from, kind, body: JSON.stringify({ of: user }), counts: false, concerns: [user], facts: [fact] }];
    // Acknowledged to nobody: should it be lost before any node has seen it, its place may well be given again.
    this.record.committed(items, this.data.append(items), `outside ${this.data.epoch}`, this.world.now);
  }

  /** A stream for the bells of each channel, and one for its notes: what is said in one shifts nothing of what happens to another's. */
  #chances(way: string): (channel: string, envelope: string) => number {
    const streams = new Map<string, () => number>();
    return (channel, envelope) => {
      const name = `${way} ${channel} ${isNote(envelope)}`;
      let stream = streams.get(name);
      if (!stream) {
        stream = randomStream(this.world.seed, name);
        streams.set(name, stream);
      }
      return stream();
    };
  }

  names(client: Actor, user: string): void {
    this.#userOf.set(client, user);
  }

  userOf(client: Actor): string {
    return this.#userOf.get(client) ?? '';
  }

  onTheWay(frame: string): string {
    return this.next?.(frame) ?? frame;
  }

  /** A broker of whoever is on the same bus. */
  stranger(): Broker {
    return this.#bus.open({ onEnvelope: () => {}, onGap: () => {} });
  }

  opened(link: SimulatedLink): void {
    this.links.add(link);
    this.#scribe.opened(link);
  }

  closed(link: SimulatedLink): void {
    this.links.delete(link);
    this.#scribe.closed(link);
  }

  said(link: SimulatedLink, text: string, token?: string): void {
    this.#scribe.said(link, text, token);
  }

  wrote(link: SimulatedLink, text: string, token?: string): void {
    this.#scribe.wrote(link, text, token);
  }
}
