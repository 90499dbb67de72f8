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

/** A page that is about channels. */
export interface Naming extends Pair {
  readonly channels: readonly string[];
}

export interface Selected<Result extends Naming> {
  readonly page: Result;
  readonly readable: ReadonlySet<string>;
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
  read<Result extends Pair>(reader: Reader, channel: string, read: (store: Store) => Promise<Result>): Promise<Result> {
    return this.#inTime(() => this.#tryToRead(reader, channel, read));
  }

  /** What `read` brings, and which of the channels that it names `who` may read. Throws Refusal: `unavailable`, `busy`. */
  select<Result extends Naming>(reader: Reader, read: (store: Store) => Promise<Result>): Promise<Selected<Result>> {
    return this.#inTime(async () => {
      const { history } = this.#parts;
      const page = await this.#turn(() => this.#ask(reader.link, () => history.ask(read)));
      return { page, readable: await this.#readable(reader.who, page.channels) };
    });
  }

  /** Whether `who` may read the channel, as of this moment. Throws Refusal: `unavailable`. */
  async mayRead({ who }: Reader, channel: string): Promise<boolean> {
    const readable = await this.#inTime(() => this.#readable(who, [channel]));
    return readable.has(channel);
  }

  async #inTime<Result>(run: () => Promise<Result>): Promise<Result> {
    try {
      if (this.#parts.held()) throw unseen();
      return await within(this.#parts.env, patience, run());
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal('unavailable', 'the log cannot be read at the moment', later);
    }
  }

  /** Answers that are old by the time they are all there are asked for again. */
  async #readable(who: Who, channels: readonly string[]): Promise<ReadonlySet<string>> {
    const { env, rights, held } = this.#parts;
    for (let left = tries; left > 0; left--) {
      const askedAt = env.now();
      const verdicts = await Promise.all(channels.map((channel) => rights.mayRead(who, channel)));
      if (held()) break;
      if (env.now() - askedAt <= answerLasts) return new Set(channels.filter((_, at) => verdicts[at] === 'ok'));
      env.count('read_again');
    }
    throw unseen();
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
    throw unseen();
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

function unseen(): Refusal {
  return new Refusal('unavailable', 'the log cannot be seen at the moment', later);
}
