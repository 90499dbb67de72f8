import { limits } from '@hubbub/protocol/limits';
import { type Crowd, everyNode, type Listed, type Member, type OpenPresence, type Presence, type PresenceParts } from '../core/presence.ts';
import { Away } from './away.ts';
import { beatEvery, decodeBeat, encodeBeat, Lives } from './beats.ts';
import { sessionKey } from './list.ts';
import { decodePiece, type Piece } from './parts.ts';
import { type Own, Roll } from './roll.ts';

/** A change waits so long for others, and for so long after the last time. */
const gatherFor = 100;
const changesEvery = 1_000;
/** Every second some of the parts are told again: so many at most, and all of them in so many seconds at the earliest. */
const tickEvery = 1_000;
const toldPerTick = 200;
const shortestRound = 4;
/** A tick that is so late was stopped with its process: nothing could be heard, neither other nodes nor that links have ended. */
const stoppedAfter = 3_000;

export interface PresenceLimits {
  /** Sessions that are told by name; more are a crowd. */
  readonly sessions: number;
}

/** Makes a presence that finds out from its like on other nodes who is there. Left out: the limits of the protocol. */
export function openPresence({ sessions = limits.presenceSessions }: Partial<PresenceLimits> = {}): OpenPresence {
  return (parts) => new NodePresence(parts, sessions);
}

/**
 * Each node publishes its part of a channel when it has changed, in turn, and when somebody asks; on that channel's own name, so that
 * nobody is told of what he has no readers of. Beats keep the parts of those that have nothing to tell.
 */
class NodePresence implements Presence {
  readonly #parts: PresenceParts;
  readonly #most: number;
  readonly #rolls = new Map<string, Roll>();
  readonly #lives = new Lives();
  readonly #away: Away;
  /** Changed, and to be published soon. */
  readonly #due = new Set<Roll>();
  /** To be told ahead of their turn. */
  readonly #first = new Set<Roll>();
  #counter = 0;
  #round: Iterator<Roll, undefined>;
  /** How many are to be told again by now; the fraction is for the next tick. */
  #owed = 0;
  #tickedAt = 0;
  /** The process has stood still, from then on; until the first tick in good time, for what came meanwhile has to be taken in. */
  #stoodFrom: number | undefined;
  #beatAt = Number.NEGATIVE_INFINITY;
  #deaf = false;
  #cancelTick: (() => void) | undefined;
  #cancelDue: (() => void) | undefined;
  #closed = false;

  constructor(parts: PresenceParts, most: number) {
    this.#parts = parts;
    this.#most = most;
    this.#round = this.#rolls.values();
    this.#away = new Away(parts.env, (own) => this.#remove(own));
  }

  get size(): number {
    return this.#rolls.size;
  }

  enter(channel: string, { user, session }: Member): void {
    if (this.#closed) return;
    const roll = this.#roll(channel);
    const key = sessionKey(user, session);
    let own = roll.own.get(key);
    if (own) {
      own.links += 1;
      if (this.#away.back(own)) this.#parts.env.count('presence_back_in_time');
      return;
    }
    own = { roll, key, links: 1 };
    roll.add(own);
    this.#publishSoon(roll);
  }

  leave(channel: string, { user, session }: Member, putOut: boolean): void {
    const own = this.#rolls.get(channel)?.own.get(sessionKey(user, session));
    if (!own || own.links === 0) return;
    own.links -= 1;
    if (own.links > 0) return;
    if (putOut) {
      this.#parts.env.count('presence_put_out');
      return this.#remove(own);
    }
    // A link whose end is heard of only now may have ended long ago: others have seen him go by then, and must not see him again.
    this.#away.since(this.#stood ?? this.#parts.env.now(), own);
  }

  watch(channel: string, on: boolean): void {
    const roll = on && !this.#closed ? this.#roll(channel) : this.#rolls.get(channel);
    if (!roll) return;
    roll.watchers += on ? 1 : -1;
    // Not before its last word has been published: others would believe the one before it.
    if (roll.idle && !this.#due.has(roll)) this.#forget(roll);
  }

  crowd(channel: string): Crowd {
    return this.#rolls.get(channel)?.list.crowd ?? { count: 0, crowded: false };
  }

  list(channel: string, after?: string): Listed {
    return this.#rolls.get(channel)?.list.page(after) ?? { count: 0, crowded: false, sample: [] };
  }

  hear(channel: string, node: string, note: string): void {
    if (this.#closed || this.#rolls.size === 0) return;
    const { env } = this.#parts;
    const beat = channel === everyNode ? decodeBeat(note) : undefined;
    const piece = channel === everyNode ? undefined : decodePiece(note);
    if (!beat && !piece) return;
    // A new one knows nothing of what we have.
    if (this.#lives.heard(node, env.now(), beat)) for (const roll of this.#rolls.values()) this.#first.add(roll);
    const roll = this.#rolls.get(channel);
    if (piece && roll) this.#take(roll, node, piece);
  }

  gap(): void {
    for (const roll of this.#rolls.values()) {
      roll.ask = true;
      this.#first.add(roll);
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancelTick?.();
    this.#cancelDue?.();
    this.#away.close();
    this.#rolls.clear();
  }

  #roll(channel: string): Roll {
    let roll = this.#rolls.get(channel);
    if (!roll) {
      roll = new Roll(channel, this.#most, (crowd, who) => this.#parts.changed(channel, crowd, who));
      this.#rolls.set(channel, roll);
      // It asks for the others' parts, even if it has nothing to tell.
      this.#publishSoon(roll);
      this.#start();
    }
    return roll;
  }

  #forget(roll: Roll): void {
    this.#rolls.delete(roll.channel);
    this.#due.delete(roll);
    this.#first.delete(roll);
  }

  #take(roll: Roll, node: string, piece: Piece): void {
    const { env } = this.#parts;
    if (piece.ask && roll.own.size > 0) {
      env.count('presence_asked');
      this.#publishSoon(roll);
    }
    const outcome = roll.parts.take(node, piece, env.now());
    if (outcome === 'taken') env.count('presence_part');
    if (outcome === 'old') env.count('presence_part_old');
  }

  #remove(own: Own): void {
    own.roll.remove(own);
    this.#publishSoon(own.roll);
  }

  #publishSoon(roll: Roll): void {
    this.#due.add(roll);
    this.#cancelDue ??= this.#parts.env.timer(gatherFor, () => {
      this.#cancelDue = undefined;
      this.#publishDue();
    });
  }

  #publishDue(): void {
    const now = this.#parts.env.now();
    let waiting: Roll | undefined;
    for (const roll of this.#due) {
      if (this.#stood === undefined && now - roll.publishedAt >= changesEvery) this.#publish(roll);
      else waiting = roll;
    }
    if (waiting) this.#publishSoon(waiting);
  }

  #publish(roll: Roll): void {
    const { env, wire } = this.#parts;
    this.#due.delete(roll);
    this.#first.delete(roll);
    roll.publishedAt = env.now();
    // Whoever comes later asks.
    if (roll.ask || !this.#lives.alone) {
      for (const note of roll.notes(wire.most, () => (this.#counter += 1))) wire.publish(roll.channel, note);
      roll.ask = false;
    }
    if (roll.idle) this.#forget(roll);
  }

  #start(): void {
    if (this.#cancelTick) return;
    this.#tickedAt = this.#parts.env.now();
    this.#tickLater();
  }

  #tickLater(): void {
    this.#cancelTick = this.#parts.env.timer(tickEvery, () => {
      this.#cancelTick = undefined;
      // A node without readers has nothing to tell, and nobody to tell it to.
      if (this.#rolls.size === 0) return;
      this.#tick();
      this.#tickLater();
    });
  }

  #tick(): void {
    const { env, wire } = this.#parts;
    const now = env.now();
    this.#stoodFrom = this.#isLate ? this.#stood : undefined;
    this.#tickedAt = now;
    if (this.#stoodFrom !== undefined) {
      // Who has gone meanwhile is in what we would tell.
      this.#deaf = true;
      return;
    }
    if (wire.deaf) this.#deaf = true;
    else if (this.#deaf) this.#hearAgain();
    else this.#bury(now);
    if (now - this.#beatAt >= beatEvery) {
      this.#beatAt = now;
      const round = Math.max(shortestRound, Math.ceil(this.#rolls.size / toldPerTick));
      wire.publish(everyNode, encodeBeat({ round: round * tickEvery }));
    }
    const first = [...this.#first.values().take(toldPerTick)];
    for (const roll of first) {
      this.#first.delete(roll);
      if (roll.ask || roll.own.size > 0) this.#publish(roll);
    }
    this.#owed = Math.min(this.#owed + this.#rolls.size / shortestRound, toldPerTick - first.length);
    const some = Math.floor(this.#owed);
    this.#owed -= some;
    this.#tellSome(some, now);
  }

  get #isLate(): boolean {
    return this.#parts.env.now() - this.#tickedAt > stoppedAfter;
  }

  /** Since when the process may have stood still, where what came meanwhile is still being taken in: links may be heard of before the tick is. */
  get #stood(): number | undefined {
    return this.#stoodFrom ?? (this.#isLate ? this.#tickedAt : undefined);
  }

  /** Those whose turn it is are told again, and what was told of them is looked through. */
  #tellSome(count: number, now: number): void {
    for (let told = 0; told < count; told++) {
      let turn = this.#round.next();
      if (turn.done) {
        this.#round = this.#rolls.values();
        turn = this.#round.next();
      }
      const roll = turn.value;
      if (!roll) return;
      if (!this.#deaf) {
        const aged = roll.parts.age(now, (node) => this.#lives.patience(node));
        if (aged > 0) this.#parts.env.count('presence_part_aged', aged);
      }
      if (roll.own.size > 0 && !this.#lives.alone) this.#publish(roll);
    }
  }

  /** Nobody is judged by a time in which nothing came through; and what was missed in it is asked for. */
  #hearAgain(): void {
    const { env } = this.#parts;
    this.#deaf = false;
    env.count('presence_deaf');
    this.#lives.excuse(env.now());
    for (const roll of this.#rolls.values()) roll.parts.excuse(env.now());
    this.gap();
  }

  #bury(now: number): void {
    for (const node of this.#lives.lost(now)) {
      this.#parts.env.count('presence_node_lost');
      for (const roll of this.#rolls.values()) roll.parts.drop(node);
    }
  }
}
