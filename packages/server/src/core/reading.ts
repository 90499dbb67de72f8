import { Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { Pair, Store } from '../store/store.ts';
import { within } from './deadline.ts';
import type { History } from './history.ts';
import type { Who } from './identity.ts';
import type { Mechanism } from './mechanisms.ts';
import type { Rights } from './rights.ts';

/** Reads of pages at once per node: whoever turns pages does not stand before those who are behind. */
const most = 4;
/** An answer about rights that is older than this when the page is there is asked for again. */
const answerLasts = 500;
const tries = 3;
const patience = 8_000;
const later = 500;

export interface ReadingParts {
  readonly env: Env<Mechanism>;
  readonly history: History;
  readonly rights: Rights;
  /** Whether the node holds: it cannot see the log at the moment, so it reads nothing out. */
  held(): boolean;
}

/** Who reads, and over which link, if any. */
export interface Reader {
  readonly who: Who;
  readonly link?: ReadingLink | undefined;
}

/** Who a page is for. A program without a link asks for one at a time. */
export interface ReadingLink {
  /** Whether it reads what it is given: else nothing is read for it. */
  readonly reads: boolean;
}

/** Reads of the log and its facts that somebody asks for: bounded, and given only to who may have them when they are there. */
export class Reading {
  readonly #parts: ReadingParts;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(parts: ReadingParts) {
    this.#parts = parts;
  }

  /** Reads that run or wait. */
  get size(): number {
    return this.#running + this.#waiting.length;
  }

  /** What `read` brings, if `who` may read the channel. Throws Refusal: `forbidden`, `unavailable`, `busy` (former replies are not read). */
  async read<Result extends Pair>(reader: Reader, channel: string, read: (store: Store) => Promise<Result>): Promise<Result> {
    try {
      return await within(this.#parts.env, patience, this.#tryToRead(reader, channel, read));
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal('unavailable', 'the log cannot be read at the moment', later);
    }
  }

  /** What `read` brings of no channel in particular, whatever it is. Throws Refusal: `unavailable`, `busy`. */
  async page<Result extends Pair>({ link }: Reader, read: (store: Store) => Promise<Result>): Promise<Result> {
    const { env, history, held } = this.#parts;
    try {
      if (held()) throw new Refusal('unavailable', 'the log cannot be seen at the moment', later);
      return await within(
        env,
        patience,
        this.#turn(() => this.#ask(link, () => history.ask(read))),
      );
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal('unavailable', 'the log cannot be read at the moment', later);
    }
  }

  /** Those of the channels that `who` may read, in order. Throws Refusal: `unavailable`. */
  async readable({ who }: Reader, channels: readonly string[]): Promise<readonly string[]> {
    try {
      const verdicts = await Promise.all(channels.map((channel) => this.#parts.rights.mayRead(who, channel)));
      return channels.filter((_, at) => verdicts[at] === 'ok');
    } catch {
      throw new Refusal('unavailable', 'who may read here cannot be told at the moment', later);
    }
  }

  async #tryToRead<Result extends Pair>({ who, link }: Reader, channel: string, read: (store: Store) => Promise<Result>): Promise<Result> {
    const { env, history, rights, held } = this.#parts;
    for (let left = tries; left > 0; left--) {
      if (held()) break;
      const askedAt = env.now();
      const verdict = await rights.mayRead(who, channel);
      if (verdict !== 'ok') throw new Refusal(verdict, 'there is no such channel, or it is not yours to read');
      const page = await this.#turn(() => this.#ask(link, () => history.ask(read)));
      // The right may have gone while the page was read: an answer that old says nothing any more.
      if (!held() && env.now() - askedAt <= answerLasts) return page;
      env.count('read_again');
    }
    throw new Refusal('unavailable', 'the log cannot be seen at the moment', later);
  }

  /** Asked in its turn: of sixty-four that were asked for in one go, the first may have filled the link. */
  #ask<Result>(link: ReadingLink | undefined, read: () => Promise<Result>): Promise<Result> {
    if (link?.reads === false) throw new Refusal('busy', 'the former replies are not read yet', later);
    return read();
  }

  async #turn<Result>(run: () => Promise<Result>): Promise<Result> {
    if (this.#running >= most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await run();
    } finally {
      // Whoever is next takes the place over.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
