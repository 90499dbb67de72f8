import type { Env } from '@hubbub/protocol/env';
import type { Moved } from '../store/store.ts';
import type { Channel } from './channel.ts';
import type { History } from './history.ts';
import type { Hub } from './hub.ts';
import type { Mechanism } from './mechanisms.ts';

const period = 500;
/** Older than this, and nothing is written to anybody: a revocation may have been missed. */
const trust = 1_000;
/** A bell may be late by so much before the look is said to have found what it names. */
const bellGrace = 250;
/** After a gap of the broker's, what the look finds is no surprise for so long. */
const gapGrace = 1_000;
const rowsAtOnce = 1_000;

/** What a look brings, in this order: heads are known already, then concerns, then what follows the log. */
export interface LookEvents {
  concerned(channel: string, header: Moved['concerns'][number]['header']): void;
  /** What has moved can no longer be told: everything is in doubt. */
  purged(): void;
  moved(moved: Moved): void;
  /** The newest look is fresh again after a hold. */
  trusted(): void;
}

/** Every 500 ms: what has moved in the store since the last look, whatever the broker does. */
export class Look {
  readonly #env: Env<Mechanism>;
  readonly #history: History;
  readonly #hub: Hub;
  readonly #events: LookEvents;
  #since: string | undefined;
  /** When the newest look that told all began. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #gapAt = Number.NEGATIVE_INFINITY;
  #looking = false;
  #again = false;
  #held = true;
  #generation = 0;
  #closed = false;
  #cancel: (() => void) | undefined;

  constructor(env: Env<Mechanism>, history: History, hub: Hub, events: LookEvents) {
    this.#env = env;
    this.#history = history;
    this.#hub = hub;
    this.#events = events;
  }

  /** Whether the newest look began too long ago for anything to be written. By the clock, not by a timer: after SIGSTOP timers are late. */
  held(): boolean {
    const held = this.#env.now() - this.#lookedAt >= trust;
    if (held && !this.#held) {
      this.#held = true;
      this.#env.count('hold');
    }
    return held;
  }

  /** How long it has been held, in milliseconds; 0 while it is not. */
  heldFor(): number {
    return Math.max(0, this.#env.now() - this.#lookedAt - trust);
  }

  /** Looks now, and every 500 ms from then on. Resolves after the first look, good or not. */
  async start(): Promise<void> {
    await this.#look();
  }

  /** Bells may have been lost: looks at once. */
  gap(): void {
    this.#gapAt = this.#env.now();
    this.#env.count('gap');
    this.#soon();
  }

  /** A new history: places in the old one mean nothing, and nothing is trusted until it has been looked at. */
  restart(): void {
    this.#since = undefined;
    this.#lookedAt = Number.NEGATIVE_INFINITY;
    this.#generation += 1;
    this.#soon();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
  }

  #soon(): void {
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#cancel?.();
    void this.#look();
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    this.#looking = true;
    this.#again = false;
    const began = this.#env.now();
    const generation = this.#generation;
    let more = false;
    try {
      const moved = await this.#history.ask((store) => store.moved(this.#since, rowsAtOnce));
      // An answer that brought the new epoch by itself has restarted us: its heads are for whoever asks next.
      if (generation === this.#generation && !this.#closed) {
        more = moved.more;
        await this.#apply(moved, began);
      } else more = true;
    } catch {
      // A failed look changes nothing: the clock alone decides when too much time has passed.
    }
    this.#looking = false;
    if (this.#closed) return;
    const wait = more || this.#again ? 0 : Math.max(0, began + period - this.#env.now());
    this.#cancel = this.#env.timer(wait, () => void this.#look());
  }

  async #apply(moved: Moved, began: number): Promise<void> {
    const first = this.#since === undefined;
    this.#since = moved.until;
    const behind: Channel[] = [];
    for (const { channel: name, head } of moved.heads) {
      const channel = this.#hub.get(name);
      if (!channel) continue;
      channel.learn(head);
      if (channel.open && head > channel.rung) this.#note(channel, head);
      behind.push(channel);
    }
    for (const { channel, header } of moved.concerns) this.#events.concerned(channel, header);
    if (moved.purged || first) {
      this.#events.purged();
      await this.#hub.refresh();
    }
    this.#events.moved(moved);
    if (!moved.more) {
      const late = this.heldFor();
      if (late > 0 && late < Number.POSITIVE_INFINITY) this.#env.count('held_ms', Math.ceil(late));
      this.#lookedAt = began;
      if (this.#held && !this.held()) {
        this.#held = false;
        this.#events.trusted();
      }
    }
    for (const channel of behind) channel.check();
  }

  /** The look named a head that no bell has: if none does in the next moments, the look has found it. */
  #note(channel: Channel, head: number): void {
    const afterGap = this.#env.now() - this.#gapAt < gapGrace;
    const generation = this.#generation;
    const openedAt = channel.openedAt;
    this.#env.timer(bellGrace, () => {
      const same = this.#hub.get(channel.name) === channel && channel.openedAt === openedAt && generation === this.#generation;
      if (!same || channel.rung >= head) return;
      this.#env.count(afterGap ? 'look_found_after_gap' : 'look_found', head - Math.max(channel.rung, openedAt));
      channel.rung = head;
    });
  }
}
