import { limits } from '@hubbub/protocol/limits';
import type { Crowd, Listed } from '../core/presence.ts';

/** How a session is written, here and between nodes: a user's name has no space. */
export function sessionKey(user: string, session: string): string {
  return `${user} ${session}`;
}

/** What the list tells: who has how many sessions now; left out: only the crowd has changed. */
export type ListChanged = (crowd: Crowd, who?: { readonly user: string; readonly sessions: number }) => void;

/** A channel that was crowded is so until the number has fallen clearly below: at the limit it would be told anew with every coming and going. */
const relief = 0.9;

/** Who is in one channel: the union of what is held by this node and by others. A session that two of them hold is there once. */
export class List {
  readonly #most: number;
  readonly #changed: ListChanged;
  /** By how many each session is held. */
  readonly #sessions = new Map<string, number>();
  readonly #users = new Map<string, number>();
  #names: readonly string[] | undefined;
  #unnamed = 0;
  #crowded = false;

  /** `most`: sessions that are told by name. */
  constructor(most: number, changed: ListChanged) {
    this.#most = most;
    this.#changed = changed;
  }

  get crowd(): Crowd {
    return { count: this.#count, crowded: this.#crowded };
  }

  hold(key: string): void {
    const holders = this.#sessions.get(key) ?? 0;
    this.#sessions.set(key, holders + 1);
    if (holders === 0) this.#moved(userOf(key), 1);
  }

  release(key: string): void {
    const holders = this.#sessions.get(key) ?? 0;
    if (holders > 1) return void this.#sessions.set(key, holders - 1);
    if (this.#sessions.delete(key)) this.#moved(userOf(key), -1);
  }

  /** Sessions that somebody has and does not name: so many more, or fewer. */
  unnamed(by: number): void {
    if (by === 0) return;
    this.#unnamed += by;
    this.#weigh();
    this.#changed(this.crowd);
  }

  page(after?: string): Listed {
    const size = limits.presencePage;
    if (this.#crowded) {
      // Anybody: to put thousands in order for a sample would be a waste.
      const some = this.#users.keys().take(size).toArray();
      return { ...this.crowd, sample: some.map((user) => this.#attendee(user)) };
    }
    this.#names ??= [...this.#users.keys()].sort();
    const from = after === undefined ? 0 : firstBehind(this.#names, after);
    const names = this.#names.slice(from, from + size);
    const next = from + size < this.#names.length ? names.at(-1) : undefined;
    return { ...this.crowd, sample: names.map((user) => this.#attendee(user)), ...(next !== undefined && { next }) };
  }

  get #count(): number {
    return this.#sessions.size + this.#unnamed;
  }

  #attendee(user: string): { user: string; sessions: number } {
    return { user, sessions: this.#users.get(user) ?? 0 };
  }

  #moved(user: string, by: number): void {
    const before = this.#users.get(user) ?? 0;
    const sessions = before + by;
    if (sessions === 0) this.#users.delete(user);
    else this.#users.set(user, sessions);
    if (before === 0 || sessions === 0) this.#names = undefined;
    this.#weigh();
    this.#changed(this.crowd, { user, sessions });
  }

  #weigh(): void {
    this.#crowded = this.#count > (this.#crowded ? this.#most * relief : this.#most);
  }
}

function userOf(key: string): string {
  return key.slice(0, key.indexOf(' '));
}

/** Where in the sorted list the first name behind `after` stands. */
function firstBehind(names: readonly string[], after: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((names[middle] ?? '') > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
