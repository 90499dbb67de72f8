import type { MemoryData } from '@hubbub/server/store/memory/data';
import { openMemory } from '@hubbub/server/store/memory/memory';
import { type Item, type Outcome, type Pair, type Store, StoreError } from '@hubbub/server/store/store';
import { Dice, randomStream } from './random.ts';
import type { Actor } from './world.ts';

const callCost = 0.1;
/** A store answers by then, or says that it does not know. */
const deadline = 1_500;

/** What the database and the way to it are like at the moment; faults change it. */
export interface StoreWeather {
  /** To the database and back, each. */
  usual: number;
  long: number;
  /** Refused: nothing is done. Lost: done, but the answer never comes. */
  refused: number;
  lost: number;
  /** Of appends that wait for nobody: another writer has one of their channels. */
  taken: number;
  /** Nothing arrives at all. */
  down: boolean;
  /** Every way takes just so long. */
  fixed?: number;
  /** How often the database has been put back: then every connection is new, and its handle has to settle (details in `Settling`). */
  connections: number;
}

const passed: Outcome = { status: 'passed' };

export function fairStore(): StoreWeather {
  return { usual: 1, long: 8, refused: 0, lost: 0, taken: 0.1, down: false, connections: 0 };
}

/** One node's way to the database: cut, nothing arrives, and nobody is told. */
export interface Way {
  cut: boolean;
  /** How much of the log this node has been told of, in commits of the history that it knows. */
  seen: { readonly epoch: string; readonly commits: number };
}

/** How far apart the two looks are that a handle makes before it appends over a new connection. */
const settleMs = 500;

/**
 * What a store's handle does when its connections have been lost (the rule of PostgreSQL's): it appends nothing before it has made two
 * looks over new ones, so far apart that by then whoever has seen more of a history that was put back has spoken.
 */
class Settling {
  readonly #weather: StoreWeather;
  #connections: number;
  #unsettled: { firstLookAt: number | undefined } | undefined;

  constructor(weather: StoreWeather) {
    this.#weather = weather;
    this.#connections = weather.connections;
  }

  get settled(): boolean {
    this.#connect();
    return this.#unsettled === undefined;
  }

  /** A look that began then has been answered. */
  looked(began: number): void {
    this.#connect();
    if (!this.#unsettled) return;
    if (this.#unsettled.firstLookAt === undefined) this.#unsettled.firstLookAt = began;
    else if (began - this.#unsettled.firstLookAt >= settleMs) this.#unsettled = undefined;
  }

  /** Another history than the one that was known: it is settled which. */
  renewed(): void {
    this.#unsettled = undefined;
  }

  #connect(): void {
    if (this.#connections === this.#weather.connections) return;
    this.#connections = this.#weather.connections;
    this.#unsettled = { firstLookAt: undefined };
  }
}

/** Sees every commit at the instant it happens; `setOut`: when its node had asked for it. */
export type OnCommit = (items: readonly Item[], outcomes: readonly Outcome[], epoch: string, setOut: number) => void;

/**
 * A node's handle of the shared database, behind a way that takes time and breaks. A call sets out, is applied, and is answered, each
 * at its own moment, each of which may never come. Calls of one handle are applied in their order.
 */
export function simulatedStore(node: Actor, database: Actor, data: MemoryData, weather: StoreWeather, way: Way, onCommit: OnCommit): Store {
  const inner = openMemory(data);
  const settling = new Settling(weather);
  let nextApply = 0;
  let epoch = data.epoch;
  /** A stream of each channel: who writes to one shifts nothing of what happens to another. */
  const fates = new Map<string, Dice>();
  const fateOf = (channel: string): Dice => {
    const fate = fates.get(channel) ?? new Dice(randomStream(node.world.seed, `${node.name} ${channel} taken`));
    fates.set(channel, fate);
    return fate;
  };

  const call = <Answer extends Pair>(writing: boolean, run: () => Promise<Answer>): Promise<Answer> => {
    node.charge(callCost);
    const { connections } = weather;
    const { dice } = database;
    const delay = (): number => weather.fixed ?? dice.delay(weather.usual, weather.long);
    return new Promise((resolve, reject) => {
      let answered = false;
      const answer = (settle: () => void): void => {
        database.world.schedule(node, database.now + delay(), () => {
          if (answered) return;
          answered = true;
          cancel();
          settle();
        });
      };
      const cancel = node.after(deadline, () => {
        answered = true;
        reject(new StoreError(writing ? 'unknown' : 'unavailable', 'no answer in time'));
      });
      const refuse = (): void => reject(new StoreError('unavailable', 'refused'));
      const broken = (): void => reject(new StoreError(writing ? 'unknown' : 'unavailable', 'the connection has broken'));
      const refused = dice.chance(weather.refused);
      const lost = dice.chance(weather.lost);
      nextApply = Math.max(nextApply, node.now + delay());
      database.world.schedule(database, nextApply, () => {
        if (weather.down || way.cut) return;
        if (connections !== weather.connections) return answer(broken);
        if (refused || (writing && !settling.settled)) return answer(refuse);
        run().then(
          (result) => {
            const { commits } = data;
            if (lost) return;
            if (connections !== weather.connections) return answer(broken);
            answer(() => {
              if (result.epoch !== epoch) settling.renewed();
              epoch = result.epoch;
              way.seen = { epoch, commits: epoch === way.seen.epoch ? Math.max(way.seen.commits, commits) : commits };
              resolve(result);
            });
          },
          (error: unknown) => answer(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      });
    });
  };

  return {
    cluster: inner.cluster,
    powers: {
      renewable: {
        renew: (from) => call(false, () => inner.powers.renewable?.renew(from) ?? Promise.reject(new Error('not renewable'))),
        heard: (pair) => {
          const commits = Number(pair.mark.split('.')[1]);
          if (pair.epoch === way.seen.epoch && commits > way.seen.commits) way.seen = { epoch: pair.epoch, commits };
          inner.powers.renewable?.heard(pair);
        },
      },
    },
    append: (items, passing) => {
      const setOut = node.now;
      return call(true, async () => {
        const { epoch } = data;
        if (items.some(({ body }) => body.includes('poison'))) throw new StoreError('poison', 'one of these cannot be stored');
        // Another writer has these channels just now.
        const channels = passing ? new Set(items.map(({ channel }) => channel)) : [];
        const taken = new Set([...channels].filter((channel) => fateOf(channel).chance(weather.taken)));
        const free = items.filter(({ channel }) => !taken.has(channel));
        const answer = await inner.append(free);
        onCommit(free, answer.outcomes, epoch, setOut);
        let at = 0;
        const outcomes = items.map(({ channel }): Outcome => (taken.has(channel) ? passed : (answer.outcomes[at++] ?? passed)));
        return { ...answer, outcomes };
      });
    },
    read: (channel, range, limit) => call(false, () => inner.read(channel, range, limit)),
    heads: (channels) => call(false, () => inner.heads(channels)),
    moved: async (since, limit) => {
      const began = node.now;
      const moved = await call(false, () => inner.moved(since, limit));
      settling.looked(began);
      return moved;
    },
    facts: (query, limit, from) => call(false, () => inner.facts(query, limit, from)),
    trim: (channel, first) => call(true, () => inner.trim(channel, first)),
    close: () => inner.close(),
  };
}
