/** Hubbub inside a program of somebody's own: on its http server, with its users and its rules. */
import type { Server } from 'node:http';
import { type Code, Refusal } from '@hubbub/protocol/codes';
import type { Draft, SendReply, Sent } from '@hubbub/protocol/frames';
import { uuidv7 } from '@hubbub/protocol/id';
import type { OpenBroker } from './broker/broker.ts';
import { localBus } from './broker/local.ts';
import type { Authority } from './core/authority.ts';
import type { Identity } from './core/identity.ts';
import { createNode, type HubbubNode, type NodeStatus } from './core/node.ts';
import type { LinkEnd } from './core/transport.ts';
import { processEnv } from './env.ts';
import { Peers } from './gateway/peers.ts';
import { listenWebSocket } from './gateway/websocket.ts';
import { openPresence } from './presence/presence.ts';
import type { Store } from './store/store.ts';

export { type Code, codes, Refusal } from '@hubbub/protocol/codes';
export type { Draft, SendReply, Sent } from '@hubbub/protocol/frames';
export type { Broker, BrokerLimits, BrokerSinks, OpenBroker } from './broker/broker.ts';
export type { Authority, Grant, Proposal, Question, ReadVerdict, Verdict } from './core/authority.ts';
export type { ChannelGrant, Credentials, Identified, Identity, IdentityAnswer, Right, Who } from './core/identity.ts';
export type { NodeStatus } from './core/node.ts';
export type { LinkEnd } from './core/transport.ts';
export { createMemoryData } from './store/memory/data.ts';
export { openMemory } from './store/memory/memory.ts';
export { openSqlite, SqliteOpenError, type SqliteOptions } from './store/sqlite/open.ts';
export { type FactWrite, type Requirement, type Store, StoreError } from './store/store.ts';

export interface AttachOptions {
  /** The log. Whoever opened it closes it, once the node is closed. */
  readonly store: Store;
  /** Who may read what, and what a send means. */
  readonly authority: Authority;
  /** Who shows which token. */
  readonly identity: Identity;
  /** The way to the other nodes of the same store; left out: there are none. */
  readonly broker?: OpenBroker;
  /** Pages of these origins may connect, besides those of the server's own host: `https://app.example.org`. */
  readonly origins?: readonly string[];
  /** Addresses of proxies, or networks of them (`10.0.0.0/8`), that are believed when they say for whom they speak. */
  readonly trustProxy?: readonly string[];
  /** Names the program's build to clients. */
  readonly build?: string;
  /** Gets how each link ended. */
  readonly onEnd?: (end: LinkEnd) => void;
  /** False: what is told to the other nodes brings no events along; each of them reads the store. */
  readonly parcels?: boolean;
}

/** A draft without an id gets a new one. To try again after a failure that passes, give the same id: then it is in the log once. */
export type ServerDraft = Omit<Draft, 'id'> & Partial<Pick<Draft, 'id'>>;

export interface HubbubServer {
  /**
   * Sends one event from the server's side, as whoever the identity says shows this token, if the authority lets him. Resolves once it
   * is synced. Throws Refusal; its code says whether that may pass (PROTOCOL, "Codes").
   */
  send(token: string, channel: string, draft: ServerDraft): Promise<Sent & Pick<SendReply, 'epoch'>>;
  /** All commands of programs that have no link: sends of several events, history, facts, who is there. */
  readonly calls: HubbubNode['calls'];
  /** What it sees of itself, for a health route. */
  status(): NodeStatus;
  /**
   * Ends all links, and takes no more; the http server and the store are left to their owner. `drainMs`: for so long at most, links work
   * on while their clients move over to other nodes. Called again meanwhile, it waits no longer.
   */
  close(drainMs?: number): Promise<void>;
}

/**
 * Attaches Hubbub to an http server: clients connect to its `/v1/ws`; everything else stays as it is, other upgrades too (other
 * handlers of upgrades have to leave `/v1/ws` alone in turn). Resolves when clients may come; it does not matter whether the server
 * listens already.
 */
export async function attach(server: Server, options: AttachOptions): Promise<HubbubServer> {
  const { store, authority, identity, origins = [], trustProxy = [], build = '', onEnd, parcels = true } = options;
  const env = processEnv();
  const broker = options.broker ?? localBus(env.turn).open;
  const parts = { env, store, broker, authority, identity, presence: openPresence(), build, parcels };
  const node = createNode({ ...parts, ...(onEnd && { onEnd }) });
  // Throws at a setting that is none, before anything is started.
  const peers = new Peers({ trustProxy, origins, now: env.now });
  await node.start();
  const stop = listenWebSocket(server, {
    env,
    peers,
    attach: (transport) => node.attach(transport),
    draining: () => node.draining,
    shared: true,
  });
  const { calls } = node;
  return {
    calls,
    status: () => node.status(),
    send: async (token, channel, draft) => {
      const id = draft.id ?? uuidv7({ now: Date.now, random: env.random });
      const { epoch, results } = await calls.send(token, { channel, events: [{ ...draft, id }] });
      const [result] = results;
      if (!result) throw new Refusal('unknown', 'the event has no result');
      if ('error' in result) throw new Refusal(result.error.code as Code, result.error.text, result.error.retryAfter);
      return { epoch, ...result };
    },
    close: async (drainMs = 0) => {
      // Who comes while others are moving over is told so; at the end nobody is to come in behind the last link.
      if (drainMs === 0) stop();
      await node.close(drainMs);
      stop();
    },
  };
}
