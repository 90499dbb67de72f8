import type { InboxPush, PresencePush, SignalPush } from '@hubbub/protocol/frames';
import { uuidv7 } from '@hubbub/protocol/id';
import type { Broker, BrokerSinks } from '@hubbub/server/broker/broker';
import { isNote } from '@hubbub/server/broker/envelope';
import { type LocalBus, localBus } from '@hubbub/server/broker/local';
import { type Loss, lossy } from '@hubbub/server/broker/lossy';
import { createNode, type HubbubNode, type NodeParts } from '@hubbub/server/core/node';
import { openPresence } from '@hubbub/server/presence/presence';
import { createMemoryData, type MemoryData } from '@hubbub/server/store/memory/data';
import type { FactWrite, Store } from '@hubbub/server/store/store';
import { inside, simulatedAuthority } from './authority.ts';
import { type BrokerConnection, BrokerServer } from './broker.ts';
import type { Door, SimulatedLink, Wire } from './link.ts';
import { randomStream } from './random.ts';
import type { Record, Visit } from './record.ts';
import { fairStore, type StoreWeather, simulatedStore, type Way } from './store.ts';
import { away, simulatedIdentity } from './tokens.ts';
import type { Actor, World } from './world.ts';

/** What a test may put in a member's place, to see that the checker notices. */
export interface Plants {
  store?(store: Store, actor: Actor): Store;
}

export interface ClusterMember {
  readonly name: string;
  readonly actor: Actor;
  readonly node: HubbubNode;
  readonly door: Door;
  readonly loss: Loss;
  readonly storeWay: Way;
  readonly broker: BrokerConnection;
  /** Since when its way over the broker has been as it is. */
  wayChangedAt: number;
  /** When it was last seen to hold. */
  heldAt: number;
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
  readonly #told = new Map<Actor, Told>();
  readonly #visits = new Map<SimulatedLink, Visit>();
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
  onAsked: ((link: SimulatedLink, command: string, channel: string) => void) | undefined;
  #started = 0;
  #settledAt = 0;

  constructor(world: World, record: Record, plants: Plants) {
    this.world = world;
    this.record = record;
    this.#plants = plants;
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

  #wroteInbox(client: Actor, user: string, { channels, gone = [], whole, more }: InboxPush): void {
    const { now } = this.world;
    const told: Told = (whole ? undefined : this.#told.get(client)) ?? { heads: new Map(), since: Number.POSITIVE_INFINITY };
    this.#told.set(client, told);
    for (const { channel, head } of channels) {
      this.record.inboxWritten.push({ user, channel, after: told.heads.get(channel), knownSince: told.since, at: now });
      told.heads.set(channel, head);
    }
    for (const channel of gone) told.heads.delete(channel);
    if (!more) told.since = Math.min(told.since, now);
  }

  #wrotePage(user: string, text: string, token: string | undefined): void {
    const [first] = (JSON.parse(text) as { events: readonly Written[] }).events;
    if (first) this.record.pagesWritten.push({ user, offset: first.offset, id: first.id, token, at: this.world.now });
  }

  #wrotePassing(user: string, node: Actor, text: string): void {
    const told = JSON.parse(text) as SignalPush | PresencePush;
    const { push, channel } = told;
    const at = this.world.now;
    this.record.passed.push({ what: push, user, channel, at });
    const member = this.members.find(({ actor }) => actor === node);
    if (!('left' in told) || !member || hears(member)) return;
    const { name, wayChangedAt, heldAt } = member;
    for (const left of told.left) this.record.leftUnheard.push({ user: left, channel, node: name, unheardSince: wayChangedAt, heldAt, at });
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
    const visit: Visit = { user: this.userOf(link.client), node: link.node.name, from: this.world.now, to: Number.POSITIVE_INFINITY };
    this.record.visits.push(visit);
    this.#visits.set(link, visit);
  }

  closed(link: SimulatedLink): void {
    this.links.delete(link);
    const visit = this.#visits.get(link);
    if (visit) visit.to = this.world.now;
    this.#visits.delete(link);
  }

  said(link: SimulatedLink, text: string, token?: string): void {
    const command = /"cmd":"(send|subscribe|history)"/.exec(text)?.[1];
    const channel = command && /"channel":"([^"]*)"/.exec(text)?.[1];
    if (!channel) return;
    this.onAsked?.(link, command, channel);
    if (command !== 'send') return;
    const user = this.userOf(link.client);
    const { events = [] } = JSON.parse(text) as { events?: readonly { readonly id?: string }[] };
    for (const { id } of events) this.record.taken.push({ user, channel, id: id ?? '', token, at: this.world.now });
  }

  wrote({ client, node }: SimulatedLink, text: string, token?: string): void {
    const user = this.userOf(client);
    if (text.startsWith('{"push":"signal"') || text.startsWith('{"push":"presence"')) this.#wrotePassing(user, node, text);
    if (text.startsWith('{"push":"inbox"')) this.#wroteInbox(client, user, JSON.parse(text) as InboxPush);
    if (text.startsWith('{"res"') && text.includes('"events":[{')) this.#wrotePage(user, text, token);
    if (!text.startsWith('{"push":"events"')) return;
    const { channel, epoch, events } = JSON.parse(text) as { channel: string; epoch: string; events: Written[] };
    for (const event of events) {
      const { offset, id, emptied } = event;
      // Made by JSON.stringify, so that making it again gives the same bytes, or shows that it was not.
      const written = {
        user,
        channel,
        epoch,
        offset,
        id,
        text: JSON.stringify(event),
        emptied: emptied !== undefined,
        token,
        at: this.world.now,
      };
      this.record.written.push(written);
      if (!text.includes(written.text)) this.record.violate('P10', `the bytes of ${offset} of ${channel} are not canonical`);
    }
  }
}

/** Whether anything of what others say over the broker reaches a member. */
export function hears({ loss, broker }: ClusterMember): boolean {
  return broker.connected && !loss.deaf;
}

/** What a client's inbox has been told. */
interface Told {
  readonly heads: Map<string, number>;
  since: number;
}

interface Written {
  readonly offset: number;
  readonly id: string;
  readonly emptied?: number;
}
