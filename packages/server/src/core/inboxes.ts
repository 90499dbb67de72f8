import { Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { Header } from '@hubbub/protocol/event';
import type { Moved, Store } from '../store/store.ts';
import { Owner, Places } from './belongings.ts';
import type { History } from './history.ts';
import type { Who } from './identity.ts';
import { Inbox, type InboxLink } from './inbox.ts';
import type { Mechanism } from './mechanisms.ts';
import type { Rights } from './rights.ts';

/** Facts in one answer, and pairs in one question. */
const pageFacts = 1_000;
const firstPause = 100;
const longestPause = 2_000;

export interface InboxesParts {
  readonly env: Env<Mechanism>;
  readonly history: History;
  readonly rights: Rights;
  /** The key of the facts that say what is somebody's. */
  mine(who: Who): string;
  held(): boolean;
}

/**
 * The inboxes of a node. What belongs to somebody is read once, when he first asks, and kept true by the look: it names what has moved
 * and whom it concerns, so the cost follows activity and not the number of rooms.
 */
export class Inboxes {
  readonly #parts: InboxesParts;
  readonly #owners = new Map<string, Owner>();
  readonly #places = new Places();
  /** Those with something in doubt: most have nothing, at most looks. */
  readonly #doubted = new Set<Owner>();
  /** To be read anew, one after the other. */
  readonly #stale = new Set<Owner>();
  #reading = false;
  #settling = false;
  #pause = firstPause;
  #closed = false;

  constructor(parts: InboxesParts) {
    this.#parts = parts;
  }

  /** Channels that somebody here has in his inbox. */
  get size(): number {
    return this.#places.size;
  }

  /** Opens a link's inbox. It tells nothing before `begin` is called. Throws Refusal: `unavailable`. */
  async open(who: Who, link: InboxLink): Promise<Inbox> {
    const { env, history, held } = this.#parts;
    let owner = this.#owners.get(who.user);
    if (!owner) {
      owner = new Owner(who, this.#places);
      this.#owners.set(who.user, owner);
    }
    owner.who = who;
    const inbox = new Inbox({ env, user: who.user, link, belongings: owner, epoch: () => history.epoch, held });
    owner.inboxes.add(inbox);
    try {
      owner.opening ??= this.#read(owner);
      await owner.opening;
      return inbox;
    } catch {
      owner.opening = undefined;
      this.close(inbox);
      throw new Refusal('unavailable', 'what is yours cannot be read at the moment', 500);
    }
  }

  close(inbox: Inbox): void {
    inbox.close();
    const owner = this.#owners.get(inbox.user);
    if (!owner?.inboxes.delete(inbox) || owner.inboxes.size > 0) return;
    owner.end();
    this.#stale.delete(owner);
    this.#doubted.delete(owner);
    this.#owners.delete(inbox.user);
  }

  /** The look's concerns, before its heads: whether a channel is (still) somebody's is asked again. */
  concerned(channel: string, { concerns = [] }: Header): void {
    for (const named of concerns) {
      const owner = this.#owners.get(named);
      const concerned = named === '*' ? (this.#places.get(channel)?.owners ?? []) : owner ? [owner] : [];
      for (const one of concerned) {
        one.doubt(channel);
        this.#doubted.add(one);
      }
    }
  }

  /** What the look has found. */
  moved({ heads }: Pick<Moved, 'heads'>): void {
    this.#learn(heads);
    void this.#settle();
  }

  /** Something concerns everybody, or the history is another one: all of it is read anew, in turn. */
  doubtEverything(): void {
    this.#places.forget();
    for (const owner of this.#owners.values()) this.#readAnew(owner);
  }

  /** Somebody's sign-in has changed. */
  doubt(user: string): void {
    const owner = this.#owners.get(user);
    if (owner) this.#readAnew(owner);
  }

  end(): void {
    this.#closed = true;
    for (const owner of this.#owners.values()) for (const inbox of owner.inboxes) inbox.close();
    this.#owners.clear();
  }

  #readAnew(owner: Owner): void {
    owner.known = false;
    owner.version += 1;
    this.#stale.add(owner);
    void this.#readStale();
  }

  async #readStale(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    for (const owner of this.#stale) {
      if (this.#closed) break;
      this.#stale.delete(owner);
      // A first reading that is under way began before, and is waited for.
      await owner.opening?.catch(() => {});
      try {
        if (owner.inboxes.size > 0 && !owner.known) await this.#read(owner);
        this.#pause = firstPause;
      } catch {
        // All have left it while it was read: nobody will let go of what has been found so far.
        if (owner.inboxes.size === 0) owner.end();
        else this.#stale.add(owner);
        await this.#rest();
      }
    }
    this.#reading = false;
  }

  /** Reads what is somebody's, and where it stands. What concerns him meanwhile is asked about afterwards. */
  async #read(owner: Owner): Promise<void> {
    const { env, history, rights } = this.#parts;
    const { version } = owner;
    owner.doubts.clear();
    const key = this.#parts.mine(owner.who);
    const found: string[] = [];
    let from: string | undefined;
    do {
      const after = from;
      const page = await history.ask((store: Store) => store.facts({ with: key }, pageFacts, after));
      // The query is for keys that begin so, and one name may begin another.
      for (const fact of page.facts) if (fact.key === key && fact.value !== null) found.push(fact.channel);
      from = page.next;
    } while (from !== undefined);
    const verdicts = await Promise.all(found.map((channel) => rights.mayRead(owner.who, channel)));
    const his = new Set(found.filter((_, at) => verdicts[at] === 'ok'));
    for (const channel of [...owner.channels]) if (!his.has(channel)) owner.drop(channel);
    // Known to the look before their heads are read: what moves meanwhile is not missed.
    for (const channel of his) owner.add(channel);
    await this.#stand([...his]);
    if (owner.inboxes.size === 0) return owner.end();
    if (version !== owner.version) return this.#read(owner);
    env.count('inbox_read');
    owner.known = true;
    for (const inbox of owner.inboxes) inbox.whole();
    void this.#settle();
  }

  async #stand(channels: readonly string[]): Promise<void> {
    if (channels.length === 0) return;
    const { heads } = await this.#parts.history.ask((store) => store.heads(channels));
    this.#learn(channels.map((channel, at) => ({ channel, ...(heads[at] ?? { head: 0, n: 0 }) })));
  }

  /** Whoever read it, it is news to all who have the channel: the look will not say it again. */
  #learn(heads: readonly { readonly channel: string; readonly head: number; readonly n: number }[]): void {
    const told = new Set<Owner>();
    for (const { channel, head, n } of heads) {
      const place = this.#places.get(channel);
      if (!place?.learn(head, n)) continue;
      for (const owner of place.owners) {
        for (const inbox of owner.inboxes) inbox.moved(channel);
        told.add(owner);
      }
    }
    for (const owner of told) owner.pump();
  }

  /** Asks about all that is in doubt, in lists, until nothing is. */
  async #settle(): Promise<void> {
    if (this.#settling) return;
    this.#settling = true;
    for (let doubts = this.#doubts(); doubts.length > 0 && !this.#closed; doubts = this.#doubts()) {
      try {
        await this.#ask(doubts);
        this.#pause = firstPause;
      } catch {
        await this.#rest();
      }
    }
    this.#settling = false;
  }

  /** Some of what is in doubt. Whoever is to be read anew is not asked about piece by piece. */
  #doubts(): readonly Doubt[] {
    const doubts: Doubt[] = [];
    for (const owner of this.#doubted) {
      if (owner.doubts.size === 0) this.#doubted.delete(owner);
      if (!owner.known) continue;
      for (const [channel, number] of owner.doubts) {
        doubts.push({ owner, channel, number });
        if (doubts.length === pageFacts) return doubts;
      }
    }
    return doubts;
  }

  async #ask(doubts: readonly Doubt[]): Promise<void> {
    const { env, history, rights, mine } = this.#parts;
    const pairs = doubts.map(({ owner, channel }) => ({ channel, key: mine(owner.who) }));
    const { facts } = await history.ask((store) => store.facts({ pairs }, pageFacts));
    const there = new Set(facts.filter(({ value }) => value !== null).map(({ channel, key }) => `${channel} ${key}`));
    const verdicts = await Promise.all(doubts.map(({ owner, channel }) => rights.mayRead(owner.who, channel)));
    const his = doubts.map(({ channel }, at) => there.has(`${channel} ${pairs[at]?.key}`) && verdicts[at] === 'ok');
    const fresh = doubts.filter(({ owner, channel }, at) => his[at] && owner.known && !owner.channels.has(channel));
    for (const { owner, channel } of fresh) if (owner.inboxes.size > 0) owner.add(channel);
    await this.#stand([...new Set(fresh.map(({ channel }) => channel))]);
    doubts.forEach(({ owner, channel, number }, at) => {
      env.count('inbox_asked');
      // Concerned again while it was asked, or read anew: this answer may be too old.
      if (owner.doubts.get(channel) !== number || !owner.known) return;
      owner.doubts.delete(channel);
      if (his[at]) for (const inbox of owner.inboxes) inbox.moved(channel);
      else if (owner.channels.has(channel)) {
        owner.drop(channel);
        for (const inbox of owner.inboxes) inbox.left(channel);
      }
    });
    for (const owner of new Set(doubts.map(({ owner }) => owner))) owner.pump();
  }

  async #rest(): Promise<void> {
    const pause = this.#pause;
    this.#pause = Math.min(longestPause, pause * 2);
    await new Promise<void>((resolve) => this.#parts.env.timer(pause, resolve));
  }
}

interface Doubt {
  readonly owner: Owner;
  readonly channel: string;
  readonly number: number;
}
