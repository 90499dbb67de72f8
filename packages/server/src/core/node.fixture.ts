import type { Code } from '@hubbub/protocol/codes';
import { checkSaid } from '@hubbub/protocol/said.fixture';
import type { Broker, OpenBroker } from '../broker/broker.ts';
import { localBus } from '../broker/local.ts';
import { openPresence } from '../presence/presence.ts';
import { createMemoryData, type MemoryData } from '../store/memory/data.ts';
import { openMemory } from '../store/memory/memory.ts';
import { type Item, type Store, StoreError } from '../store/store.ts';
import type { Authority } from './authority.ts';
import { Clock } from './clock.fixture.ts';
import type { Credentials, IdentityAnswer } from './identity.ts';
import { createNode, type HubbubNode, type NodeParts } from './node.ts';
import type { Frame, LinkSink, Transport } from './transport.ts';

/** Members read and write; a ban in `user:NAME` takes all. */
function memberAuthority(store: Store): Authority {
  const value = async (channel: string, key: string): Promise<string | null> => {
    const { facts } = await store.facts({ pairs: [{ channel, key }] }, 1);
    return facts[0]?.value ?? null;
  };
  return {
    mayRead: (questions) =>
      Promise.all(
        questions.map(async ({ who, channel }) => {
          const member = await value(channel, `member:${who.user}`);
          return member !== null && (await value(`user:${who.user}`, 'banned')) === null ? 'ok' : 'forbidden';
        }),
      ),
    listed: 'public',
    mine: ({ user }) => `member:${user}`,
    admit: async () => ({ ok: true, counts: true }),
  };
}

async function asSaid(credentials: Credentials): Promise<IdentityAnswer> {
  const user = 'name' in credentials ? credentials.name : credentials.token;
  return { who: { user, rights: user === 'admin' ? ['import', 'admin'] : [] }, token: user };
}

/** A link that keeps what it is given. */
export class TestLink implements Transport {
  readonly traits: Transport['traits'];
  readonly frames: Record<string, unknown>[] = [];
  closed: Code | undefined;
  full = false;
  /** It takes nothing: what is written stays. */
  stuck = false;
  #unsent = 0;
  sink: LinkSink | undefined;
  /** When it was last heard; the test's clock says. */
  readonly #now: () => number;
  silentSince: number | undefined;
  /** Called at every write. */
  onWrite: () => void = () => {};
  #req = 0;
  /** By number. */
  readonly #asked = new Map<number, string>();

  constructor(now: () => number, traits: Partial<Transport['traits']> = {}) {
    this.#now = now;
    this.traits = { name: 'simulated', signals: true, presence: true, loopback: false, ...traits };
  }

  write(frame: Frame): void {
    if (this.stuck) this.#unsent += frame.bytes;
    const said = JSON.parse(frame.text) as Record<string, unknown>;
    checkSaid(said, this.#asked.get(said['res'] as number));
    this.frames.push(said);
    this.onWrite();
  }

  flush(): void {}

  room(): number {
    return this.full ? 0 : 65_536 - this.#unsent;
  }

  heardAt(): number {
    return this.silentSince ?? this.#now();
  }

  ping(): void {}

  close(code: Code): void {
    this.closed ??= code;
  }

  /** Gives a command; its number. */
  say(cmd: string, members: object): number {
    this.#req += 1;
    this.#asked.set(this.#req, cmd);
    this.sink?.onFrame(JSON.stringify({ req: this.#req, cmd, ...members }));
    return this.#req;
  }

  reply(req: number): Record<string, unknown> | undefined {
    return this.frames.find(({ res }) => res === req);
  }

  /** The code with which a command was refused. */
  refusal(req: number): unknown {
    const error = this.reply(req)?.['error'] as { code?: string } | undefined;
    return error?.code;
  }

  /** Pushes of a kind since the last call, taken away. */
  take<Kind extends string>(push: Kind): ({ push: Kind } & Record<string, unknown>)[] {
    const taken = this.frames.filter((frame) => frame['push'] === push) as ({ push: Kind } & Record<string, unknown>)[];
    const rest = this.frames.filter((frame) => frame['push'] !== push);
    this.frames.splice(0, this.frames.length, ...rest);
    return taken;
  }
}

/** A node, and links to it. */
export interface StagedNode {
  readonly node: HubbubNode;
  /** Signed in as that user, in a session of its own unless one is named. */
  link(user: string, traits?: Partial<Transport['traits']>, session?: string): Promise<TestLink>;
}

export interface Stage extends StagedNode {
  readonly clock: Clock;
  readonly data: MemoryData;
  /** What the broker carries: said under the name of a channel to all who listen there, by a stranger. */
  readonly broker: Broker;
  /** Another node of the cluster. */
  peer(): Promise<StagedNode>;
  /** Commits past the node; the look finds it. */
  append(channel: string, more?: Partial<Item>): void;
  join(channel: string, user: string): void;
  leave(channel: string, user: string): void;
}

/** A store that cannot be looked at while `state.failing`: the node is stale a second later. */
export function blind(state: { readonly failing: boolean }): (store: Store) => Store {
  return (store) => ({
    ...store,
    moved: (...given) => (state.failing ? Promise.reject(new StoreError('unavailable', 'not now')) : store.moved(...given)),
  });
}

export interface StageOptions {
  /** Whatever a test wants to do to the store. */
  readonly meddle?: (store: Store) => Store;
  readonly hellos?: NodeParts['hellos'];
  readonly lane?: NodeParts['lane'];
  /** Instead of everybody being who he says he is. */
  readonly identify?: (shown: Credentials) => Promise<IdentityAnswer>;
  /** More sessions in a channel are a crowd. */
  readonly crowd?: number;
  /** It is not to know who is there. */
  readonly alone?: boolean;
  /** Instead of the members'. */
  readonly mayRead?: (user: string, channel: string) => boolean;
  /** Instead of saying yes to all that is sent. */
  readonly admit?: Authority['admit'];
  /** Whatever a test wants to do to the way between the nodes. */
  readonly between?: (open: OpenBroker) => OpenBroker;
  /** What the authority's answers wait for. */
  readonly answer?: () => Promise<void> | undefined;
}

/** A whole node over memory, on a clock that stands still. */
export async function nodeStage({
  meddle,
  between,
  mayRead,
  admit,
  answer,
  hellos,
  identify,
  lane,
  crowd,
  alone,
}: StageOptions = {}): Promise<Stage> {
  const clock = new Clock();
  let drawn = 0;
  const random = (): number => {
    drawn = (drawn + 0.137) % 1;
    return drawn;
  };
  const data = createMemoryData({ now: () => 1, random });
  const inner = openMemory(data);
  const store = meddle?.(inner) ?? inner;
  const authority = memberAuthority(store);
  if (mayRead)
    authority.mayRead = async (questions) => {
      await answer?.();
      return questions.map(({ who, channel }) => (mayRead(who.user, channel) ? 'ok' : 'forbidden'));
    };
  if (admit) authority.admit = admit;
  const bus = localBus(clock.env.turn);
  let ids = 0;
  const start = async (store: Store, env: NodeParts['env']): Promise<StagedNode> => {
    const node = createNode({
      env,
      store,
      broker: between?.(bus.open) ?? bus.open,
      authority,
      identity: { identify: (shown) => Promise.all(shown.map(identify ?? asSaid)) },
      ...(!alone && { presence: openPresence({ ...(crowd !== undefined && { sessions: crowd }) }) }),
      build: 'test',
      ...(hellos && { hellos }),
      ...(lane && { lane }),
    });
    await node.start();
    return {
      node,
      link: async (user, traits, session) => {
        const link = new TestLink(() => clock.env.now(), traits);
        link.sink = node.attach(link);
        ids += 1;
        const own = session ?? `10000000-0000-7000-8000-${String(ids).padStart(12, '0')}`;
        link.say('hello', { protocol: 1, session: own, name: user });
        await clock.settle();
        return link;
      },
    };
  };
  const first = await start(store, clock.env);
  const append = (channel: string, more: Partial<Item> = {}): void => {
    ids += 1;
    const id = `00000000-0000-7000-8000-${String(ids).padStart(12, '0')}`;
    data.append([{ channel, id, from: 'ann', kind: 'say', body: '{}', counts: true, ...more }]);
  };
  const member = (channel: string, user: string, value: string | null): void =>
    append(channel, { counts: false, facts: [{ key: `member:${user}`, value }], concerns: [user] });
  return {
    ...first,
    clock,
    data,
    broker: bus.open({ onEnvelope: () => {}, onGap: () => {} }),
    // A node's name is drawn.
    peer: () => start(openMemory(data), { ...clock.env, random: () => 0.25 }),
    append,
    join: (channel, user) => member(channel, user, 'true'),
    leave: (channel, user) => member(channel, user, null),
  };
}
