import type { InboxPush, PresencePush, SignalPush } from '@hubbub/protocol/frames';
import type { SimulatedLink } from './link.ts';
import { type ClusterMember, hears } from './member.ts';
import type { Record, Visit } from './record.ts';
import type { Actor, World } from './world.ts';

/** What a scribe has to know of the cluster. */
export interface Surroundings {
  userOf(client: Actor): string;
  memberOf(node: Actor): ClusterMember | undefined;
  onAsked(link: SimulatedLink, command: string, channel: string): void;
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

/** Writes down what nodes and clients say to each other, for the checker. */
export class Scribe {
  readonly #world: World;
  readonly #record: Record;
  readonly #surroundings: Surroundings;
  readonly #told = new Map<Actor, Told>();
  readonly #visits = new Map<SimulatedLink, Visit>();

  constructor(world: World, record: Record, surroundings: Surroundings) {
    this.#world = world;
    this.#record = record;
    this.#surroundings = surroundings;
  }

  opened(link: SimulatedLink): void {
    const user = this.#surroundings.userOf(link.client);
    const visit: Visit = { user, node: link.node.name, from: this.#world.now, to: Number.POSITIVE_INFINITY };
    this.#record.visits.push(visit);
    this.#visits.set(link, visit);
  }

  closed(link: SimulatedLink): void {
    const visit = this.#visits.get(link);
    if (visit) visit.to = this.#world.now;
    this.#visits.delete(link);
  }

  said(link: SimulatedLink, text: string, token?: string): void {
    const command = /"cmd":"(send|subscribe|history)"/.exec(text)?.[1];
    const channel = command && /"channel":"([^"]*)"/.exec(text)?.[1];
    if (!channel) return;
    this.#surroundings.onAsked(link, command, channel);
    if (command !== 'send') return;
    const user = this.#surroundings.userOf(link.client);
    const { events = [] } = JSON.parse(text) as { events?: readonly { readonly id?: string }[] };
    for (const { id } of events) this.#record.taken.push({ user, channel, id: id ?? '', token, at: this.#world.now });
  }

  wrote({ client, node }: SimulatedLink, text: string, token?: string): void {
    const user = this.#surroundings.userOf(client);
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
        at: this.#world.now,
      };
      this.#record.written.push(written);
      if (!text.includes(written.text)) this.#record.violate('P10', `the bytes of ${offset} of ${channel} are not canonical`);
    }
  }

  #wroteInbox(client: Actor, user: string, { channels, gone = [], whole, more }: InboxPush): void {
    const { now } = this.#world;
    const told: Told = (whole ? undefined : this.#told.get(client)) ?? { heads: new Map(), since: Number.POSITIVE_INFINITY };
    this.#told.set(client, told);
    for (const { channel, head } of channels) {
      this.#record.inboxWritten.push({ user, channel, after: told.heads.get(channel), knownSince: told.since, at: now });
      told.heads.set(channel, head);
    }
    for (const channel of gone) told.heads.delete(channel);
    if (!more) told.since = Math.min(told.since, now);
  }

  #wrotePage(user: string, text: string, token: string | undefined): void {
    const [first] = (JSON.parse(text) as { events: readonly Written[] }).events;
    if (first) this.#record.pagesWritten.push({ user, offset: first.offset, id: first.id, token, at: this.#world.now });
  }

  #wrotePassing(user: string, node: Actor, text: string): void {
    const told = JSON.parse(text) as SignalPush | PresencePush;
    const { push, channel } = told;
    const at = this.#world.now;
    this.#record.passed.push({ what: push, user, channel, at });
    const member = this.#surroundings.memberOf(node);
    if (!('left' in told) || !member || hears(member)) return;
    const { name, wayChangedAt, heldAt } = member;
    for (const left of told.left)
      this.#record.leftUnheard.push({ user: left, channel, node: name, unheardSince: wayChangedAt, heldAt, at });
  }
}
