import type { Env } from '@hubbub/protocol/env';
import type { PresencePush } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import type { Mechanism } from './mechanisms.ts';
import type { Crowd, Presence } from './presence.ts';
import { Frame } from './transport.ts';

/** A channel's watchers are told once in so long, whatever has changed meanwhile; a crowd's number is no news that soon. */
const period = 1_000;
const periodOfCrowd = 5_000;
/** Telling many gives the loop back after so long, and goes on in the next turn. */
const slice = 5;

/** A link that wants to know who is there in one channel. */
export interface Watcher {
  /** What it was told so far is true, but for what is about to be told to all. Else it is to be told everything anew. */
  current: boolean;
  /** Signals can come over its link. */
  readonly signals: boolean;
  /** Whether it may be told something now. */
  readonly ready: boolean;
  /** Says whether it could be told. */
  tell(frame: Frame): boolean;
}

export interface WatchingParts {
  readonly env: Env<Mechanism>;
  readonly presence: () => Presence | undefined;
  /** Whether the newest look is too old for anything to be written. */
  held(): boolean;
}

interface Watched {
  readonly channel: string;
  readonly watchers: Set<Watcher>;
  /** Who has how many sessions now, of those who were told otherwise. */
  readonly changed: Map<string, number>;
  /** The crowd has changed. */
  moved: boolean;
  crowd: Crowd;
  toldAt: number;
  /** Is being told, or will be. */
  cancel: (() => void) | undefined;
}

/**
 * Tells links who comes and goes: what has changed in a second is one frame, made once, the same bytes to all who watch. Who cannot take
 * it gets no second copy kept for him: he is told everything anew when he can.
 */
export class Watching {
  readonly #parts: WatchingParts;
  readonly #channels = new Map<string, Watched>();

  constructor(parts: WatchingParts) {
    this.#parts = parts;
  }

  /** Channels that are watched. */
  get size(): number {
    return this.#channels.size;
  }

  /** The watcher is about to be answered with what `presence` lists at this moment. */
  add(channel: string, watcher: Watcher): void {
    let watched = this.#channels.get(channel);
    if (!watched) {
      const presence = this.#parts.presence();
      presence?.watch(channel, true);
      const crowd = presence?.crowd(channel) ?? { count: 0, crowded: false };
      watched = {
        channel,
        watchers: new Set(),
        changed: new Map(),
        moved: false,
        crowd,
        toldAt: Number.NEGATIVE_INFINITY,
        cancel: undefined,
      };
      this.#channels.set(channel, watched);
    }
    watched.watchers.add(watcher);
  }

  remove(channel: string, watcher: Watcher): void {
    const watched = this.#channels.get(channel);
    if (!watched?.watchers.delete(watcher) || watched.watchers.size > 0) return;
    watched.cancel?.();
    this.#channels.delete(channel);
    this.#parts.presence()?.watch(channel, false);
  }

  /** See `PresenceParts.changed`. */
  changed(channel: string, crowd: Crowd, who?: { readonly user: string; readonly sessions: number }): void {
    const watched = this.#channels.get(channel);
    if (!watched) return;
    if (crowd.crowded !== watched.crowd.crowded) {
      if (crowd.crowded) this.#parts.env.count('presence_crowded');
      this.#anew(watched);
    }
    watched.crowd = crowd;
    watched.moved = true;
    if (who && !crowd.crowded) watched.changed.set(who.user, who.sessions);
    // A link that takes nothing for long must not cost more than the list itself.
    if (watched.changed.size > limits.presenceSessions) this.#anew(watched);
    this.#soon(watched);
  }

  close(): void {
    for (const { cancel } of this.#channels.values()) cancel?.();
    this.#channels.clear();
  }

  #anew({ watchers, changed }: Watched): void {
    changed.clear();
    for (const watcher of watchers) watcher.current = false;
  }

  #soon(watched: Watched): void {
    const { env } = this.#parts;
    const wait = watched.toldAt + (watched.crowd.crowded ? periodOfCrowd : period) - env.now();
    watched.cancel ??= env.timer(Math.max(0, wait), () => this.#tell(watched));
  }

  #tell(watched: Watched): void {
    watched.toldAt = this.#parts.env.now();
    if (this.#parts.held()) {
      this.#parts.env.count('presence_held');
      this.#rest(watched);
      return;
    }
    const telling = new Telling(watched, this.#parts.presence());
    watched.changed.clear();
    watched.moved = false;
    this.#go(watched, telling, [...watched.watchers].values());
  }

  /** One slice: the others follow in the next turn. */
  #go(watched: Watched, telling: Telling, watchers: Iterator<Watcher>): void {
    const { env, held } = this.#parts;
    const began = env.now();
    const stale = held();
    for (let told = 1; ; told++) {
      const { value: watcher, done } = watchers.next();
      if (done) return this.#rest(watched);
      if (!watched.watchers.has(watcher) || (watcher.current && !telling.isNews)) continue;
      watcher.current = !stale && watcher.ready && this.#tellOne(telling, watcher);
      if (told % 16 === 0 && env.now() - began >= slice) break;
    }
    let over = false;
    watched.cancel = () => {
      over = true;
    };
    env.turn(() => {
      if (!over) this.#go(watched, telling, watchers);
    });
  }

  #tellOne(telling: Telling, watcher: Watcher): boolean {
    const told = watcher.tell(watcher.current ? telling.news : telling.whole(watcher.signals));
    if (told) this.#parts.env.count(watcher.current ? 'presence_told' : 'presence_whole');
    return told;
  }

  /** All have been told who could be. Who could not has his turn in a second, and so has what has changed meanwhile. */
  #rest(watched: Watched): void {
    watched.cancel = undefined;
    if (watched.moved || watched.watchers.values().some(({ current }) => !current)) this.#soon(watched);
  }
}

/** What is told at one moment, made when the first one needs it. */
class Telling {
  /** There is something to tell those who know the rest. */
  readonly isNews: boolean;
  readonly #channel: string;
  readonly #crowd: Crowd;
  readonly #changed: ReadonlyMap<string, number>;
  readonly #presence: Presence | undefined;
  readonly #wholes = new Map<boolean, Frame>();
  #news: Frame | undefined;

  constructor({ channel, crowd, changed, moved }: Watched, presence: Presence | undefined) {
    this.isNews = moved;
    this.#channel = channel;
    this.#crowd = crowd;
    this.#changed = new Map(changed);
    this.#presence = presence;
  }

  get news(): Frame {
    this.#news ??= this.#frame({
      count: this.#crowd.count,
      joined: [...this.#changed].filter(([, sessions]) => sessions > 0).map(([user, sessions]) => ({ user, sessions })),
      left: [...this.#changed].filter(([, sessions]) => sessions === 0).map(([user]) => user),
    });
    return this.#news;
  }

  whole(signals: boolean): Frame {
    let frame = this.#wholes.get(signals);
    if (!frame) {
      const { count = 0, crowded = false, sample = [], next } = this.#presence?.list(this.#channel) ?? {};
      const more = { ...(next !== undefined && { next }), ...(crowded && { crowd: true as const }) };
      frame = this.#frame({ count, joined: [...sample], left: [], whole: true, signals: signals && !crowded, ...more });
      this.#wholes.set(signals, frame);
    }
    return frame;
  }

  #frame(members: Omit<PresencePush, 'push' | 'channel'>): Frame {
    return new Frame(JSON.stringify({ push: 'presence', channel: this.#channel, ...members }));
  }
}
