import type { Env } from '@hubbub/protocol/env';
import type { Entry, Header } from '@hubbub/protocol/event';
import { randomText } from '@hubbub/protocol/id';
import type { Broker, OpenBroker } from '../broker/broker.ts';
import { isNote } from '../broker/envelope.ts';
import type { Moved, Store } from '../store/store.ts';
import { Admission, type AdmissionLimits } from './admission.ts';
import { Appender } from './appender.ts';
import type { Authority } from './authority.ts';
import { Bells } from './bells.ts';
import { Calls } from './calls.ts';
import { Connection, type ConnectionParts } from './connection.ts';
import { Fanout } from './fanout.ts';
import { Flights } from './flight.ts';
import { History } from './history.ts';
import { Hub } from './hub.ts';
import { Identifying } from './identifying.ts';
import type { Identity } from './identity.ts';
import { Inboxes } from './inboxes.ts';
import type { LaneLimits } from './lane.ts';
import { Links } from './links.ts';
import { Look } from './look.ts';
import type { Mechanism } from './mechanisms.ts';
import { Passing } from './passing.ts';
import type { OpenPresence } from './presence.ts';
import { Reading } from './reading.ts';
import { Repair } from './repair.ts';
import { Rights } from './rights.ts';
import { Sessions } from './session.ts';
import { countsOf, type NodeStatus } from './status.ts';
import type { LinkEnd, LinkSink, Transport } from './transport.ts';
import { Works } from './works.ts';

/** What a node is made of. It closes the broker it opens; the store is its owner's. */
export interface NodeParts {
  readonly env: Env<Mechanism>;
  readonly store: Store;
  readonly broker: OpenBroker;
  readonly authority: Authority;
  readonly identity: Identity;
  /** Who is there; left out: nobody is told. */
  readonly presence?: OpenPresence;
  /** Names the program's build to clients. */
  readonly build: string;
  /** What may wait to be written; left out: as the design has it. */
  readonly lane?: Partial<LaneLimits>;
  /** Gets how each link ended. */
  readonly onEnd?: (end: LinkEnd) => void;
  /** At what pace links may say hello; left out: as the design has it. */
  readonly hellos?: Partial<AdmissionLimits>;
  /** False: bells carry no events, so that every node reads the store on each bell. For whoever wants to see what parcels are worth. */
  readonly parcels?: boolean;
}

export type { NodeStatus } from './status.ts';

export interface HubbubNode {
  /** New at every start. */
  readonly id: string;
  /** Begins to look. Resolves when it has looked once; a store that does not answer is tried again for ever, and nothing flows meanwhile. */
  start(): Promise<void>;
  /** A client's link. The transport calls the sink from then on. */
  attach(transport: Transport): LinkSink;
  /** Commands of programs that have no link. */
  readonly calls: Calls;
  /** What it sees of itself, for status pages and tests. */
  status(): NodeStatus;
  /** It is going, and lets nobody in. */
  readonly draining: boolean;
  /**
   * Says `bye` to all links, answers what is under way (a second at most), ends the links with `closing`, and everything that it has
   * begun. `drainMs`: before that, links work on for so long at most while their clients move over to other nodes, and nobody new is let
   * in. Called again meanwhile, it waits no longer.
   */
  close(drainMs?: number): Promise<void>;
}

const lastAnswers = 1_000;

/** Makes a node. */
export function createNode(parts: NodeParts): HubbubNode {
  return new Node(parts);
}

class Node implements HubbubNode {
  readonly id: string;
  readonly calls: Calls;
  readonly #parts: NodeParts;
  readonly #links: Links;
  readonly #history: History;
  readonly #hub: Hub;
  readonly #look: Look;
  readonly #bells: Bells;
  readonly #flights: Flights;
  readonly #repair: Repair;
  readonly #fanout: Fanout;
  readonly #appender: Appender;
  readonly #inboxes: Inboxes;
  readonly #reading: Reading;
  readonly #admission: Admission;
  readonly #works: Works;
  readonly #passing: Passing;
  readonly #sessions = new Sessions();
  readonly #connectionParts: ConnectionParts;
  #broker: Broker | undefined;
  #draining = false;
  #closed: Promise<void> | undefined;

  constructor(parts: NodeParts) {
    const { env, store } = parts;
    this.#parts = parts;

    this.id = randomText(env.random, 8);
    this.#fanout = new Fanout({ env, epoch: () => this.#history.epoch, held: () => this.#look.held() });
    this.#history = new History(env, store, () => this.#renewed());
    this.#hub = new Hub(env, this.#history, () => this.#openBroker(), {
      advanced: (channel) => this.#fanout.advanced(channel),
      missing: (channel) => this.#repair.missing(channel),
      concerned: (channel, header) => this.#concerned(channel, header),
    });
    this.#flights = new Flights(env, this.#history, (channel, landing) => this.#hub.get(channel)?.landed(landing));
    this.#bells = new Bells(
      env,
      this.#history,
      store.cluster,
      this.id,
      (channel, head, entries) => this.#hub.get(channel)?.ring(head, entries),
      parts.parcels ?? true,
    );
    this.#repair = new Repair(env, this.#flights, () => this.#bells.patience);
    this.#look = new Look(env, this.#history, this.#hub, {
      concerned: (channel, header) => {
        this.#concerned(channel, header);
        this.#inboxes.concerned(channel, header);
      },
      purged: () => this.#doubtEverything(),
      moved: (moved: Moved) => this.#inboxes.moved(moved),
      trusted: () => this.#links.wake(),
    });
    this.#links = new Links({ env, look: this.#look, degraded: () => this.#bells.degraded });
    this.#appender = new Appender(env, this.#history, (channel, entries) => this.#committed(channel, entries), parts.lane);
    const rights = new Rights(env, parts.authority);
    const held = (): boolean => this.#look.held();
    this.#inboxes = new Inboxes({ env, history: this.#history, rights, mine: (who) => parts.authority.mine(who), held });
    this.#passing = new Passing({
      ...{ env, history: this.#history, hub: this.#hub, cluster: store.cluster, node: this.id, open: parts.presence, held },
      deaf: () => this.#bells.degraded,
    });
    this.#works = new Works(env);
    this.#admission = new Admission(env, parts.hellos);
    this.#reading = new Reading({ env, history: this.#history, rights, held });
    this.#connectionParts = {
      env,
      node: this.id,
      build: parts.build,
      hub: this.#hub,
      flights: this.#flights,
      rights,
      history: this.#history,
      authority: parts.authority,
      identifying: new Identifying(env, parts.identity),
      appender: this.#appender,
      sessions: this.#sessions,
      inboxes: this.#inboxes,
      reading: this.#reading,
      admission: this.#admission,
      works: this.#works,
      passing: this.#passing,
      powers: store.powers,
      held,
      closed: (connection, end) => {
        this.#links.remove(connection);
        parts.onEnd?.(end);
      },
      healthNow: () => this.#links.health,
    };
    this.calls = new Calls(this.#connectionParts);
  }

  async start(): Promise<void> {
    this.#bells.start(this.#openBroker());
    this.#passing.start(this.#openBroker());
    this.#links.start();
    await this.#look.start();
  }

  attach(transport: Transport): LinkSink {
    const connection = new Connection(this.#connectionParts, transport);
    this.#links.add(connection);
    return connection;
  }

  get draining(): boolean {
    return this.#draining;
  }

  status(): NodeStatus {
    return {
      links: this.#links.size,
      sessions: this.#sessions.size,
      ...countsOf(this.#hub),
      flights: this.#flights.size,
      repairs: this.#repair.size,
      queued: this.#appender.size,
      inboxChannels: this.#inboxes.size,
      presences: this.#passing.presence?.size ?? 0,
      watched: this.#passing.watching.size,
      reads: this.#reading.size,
      tailBytes: this.#hub.tails.bytes,
      brokerDropped: this.#broker?.dropped ?? 0,
      held: this.#look.held(),
      draining: this.#draining,
      degraded: this.#bells.degraded,
    };
  }

  close(drainMs = 0): Promise<void> {
    this.#links.hurry();
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  async #close(drainMs: number): Promise<void> {
    if (drainMs > 0) {
      this.#draining = true;
      this.#admission.end();
      await this.#links.drain(drainMs);
    }
    this.#links.bye();
    this.calls.end();
    await Promise.all([this.#appender.drained(lastAnswers), this.#works.close()]);
    this.#look.close();
    this.#bells.close();
    this.#passing.close();
    this.#fanout.close();
    this.#inboxes.end();
    this.#links.close();
    this.#appender.close();
    this.#hub.close();
    await this.#broker?.close();
  }

  #openBroker(): Broker {
    this.#broker ??= this.#parts.broker({
      onEnvelope: (channel, envelope) => (isNote(envelope) ? this.#passing : this.#bells).hear(channel, envelope),
      onGap: () => {
        this.#look.gap();
        this.#passing.gap();
      },
    });
    return this.#broker;
  }

  /** Our own commit: the hub needs no bell for it, the other nodes do. */
  #committed(channel: string, entries: readonly Entry[]): void {
    const head = entries.at(-1)?.header.offset ?? 0;
    const held = this.#hub.get(channel);
    if (held) held.ring(head, entries);
    else for (const { header } of entries) if (header.concerns) this.#concerned(channel, header);
    this.#bells.ring(channel, head, entries);
  }

  /** Somebody's rights may have changed: nothing of the channel is given to them until the authority has answered again. */
  #concerned(channel: string, header: Header): void {
    const named = header.concerns ?? [];
    for (const listener of this.#hub.get(channel)?.listeners ?? []) {
      if (named.includes(listener.user) || named.includes('*')) listener.concern(header.offset);
    }
    const owner = channel.startsWith('user:') ? channel.slice('user:'.length) : undefined;
    if (owner === undefined || !(named.includes(owner) || named.includes('*'))) return;
    for (const connection of this.#links) if (connection.user === owner) connection.concern();
  }

  #doubtEverything(): void {
    this.#inboxes.doubtEverything();
    for (const connection of this.#links) connection.concern();
  }

  #renewed(): void {
    this.#hub.end();
    this.#look.restart();
    this.#inboxes.doubtEverything();
    for (const connection of this.#links) connection.renewed();
  }
}
