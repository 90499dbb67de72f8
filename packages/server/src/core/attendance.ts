import type { SignalOutcome } from './channel.ts';
import type { Member, Presence } from './presence.ts';
import type { Subscription } from './subscription.ts';
import type { Frame, TransportTraits } from './transport.ts';
import type { Watcher, Watching } from './watching.ts';

/** What attending needs of a link. */
export interface AttendanceLink {
  /** Whether something may be written now. */
  readonly open: boolean;
  /** Writes a frame if it may be written; says whether it did. */
  offer(frame: Frame): boolean;
}

export interface AttendanceParts {
  readonly presence: Presence | undefined;
  readonly watching: Watching;
}

/**
 * A link's part in what passes: while it lives its session is there in each channel that it reads, it is told who else is, and gets
 * the signals of others.
 */
export class Attendance {
  readonly member: Member;
  readonly traits: TransportTraits;
  readonly #parts: AttendanceParts;
  readonly #link: AttendanceLink;
  readonly #entered = new Set<Subscription>();
  readonly #watches = new Map<Subscription, Watch>();
  #alive = true;

  constructor(parts: AttendanceParts, member: Member, traits: TransportTraits, link: AttendanceLink) {
    this.#parts = parts;
    this.member = member;
    this.traits = traits;
    this.#link = link;
  }

  /** The subscription has been let in; again, it changes nothing. */
  entered(subscription: Subscription): void {
    if (!this.traits.presence || this.#entered.has(subscription)) return;
    this.#entered.add(subscription);
    if (this.#alive) this.#parts.presence?.enter(subscription.channel.name, this.member);
  }

  /** It has ended. `putOut`: it may not be read any more. */
  left(subscription: Subscription, putOut: boolean): void {
    this.unwatch(subscription);
    if (this.#entered.delete(subscription) && this.#alive) this.#parts.presence?.leave(subscription.channel.name, this.member, putOut);
  }

  /** Whether the link gives signs of life: without them its session is not there. */
  set alive(alive: boolean) {
    if (alive === this.#alive) return;
    this.#alive = alive;
    for (const { channel } of this.#entered) {
      if (alive) this.#parts.presence?.enter(channel.name, this.member);
      else this.#parts.presence?.leave(channel.name, this.member, false);
    }
  }

  /**
   * The link wants to know who comes and goes, and is answered with a list: `whole`, with the beginning of it. Returns what is to be
   * called when the answer has been written; nothing is told before.
   */
  watch(subscription: Subscription, whole: boolean): () => void {
    let watch = this.#watches.get(subscription);
    if (!watch) {
      watch = new Watch(subscription, this.traits.signals, this.#link);
      this.#watches.set(subscription, watch);
      this.#parts.watching.add(subscription.channel.name, watch);
    }
    if (whole) watch.current = true;
    return () => watch.begin();
  }

  unwatch(subscription: Subscription): void {
    const watch = this.#watches.get(subscription);
    if (!watch) return;
    this.#watches.delete(subscription);
    this.#parts.watching.remove(subscription.channel.name, watch);
  }

  /** A signal of the session `from`, for whoever reads its channel here. Says what became of it. */
  signal(frame: Frame, from: string): SignalOutcome {
    if (!this.traits.signals || from === this.member.session) return 'not_for_it';
    return this.#link.offer(frame) ? 'given' : 'no_room';
  }
}

/** One subscription whose link wants to know who is there. */
class Watch implements Watcher {
  readonly signals: boolean;
  current = true;
  readonly #subscription: Subscription;
  readonly #link: AttendanceLink;
  #begun = false;

  constructor(subscription: Subscription, signals: boolean, link: AttendanceLink) {
    this.#subscription = subscription;
    this.signals = signals;
    this.#link = link;
  }

  get ready(): boolean {
    return this.#begun && this.#subscription.admitted && this.#link.open;
  }

  begin(): void {
    this.#begun = true;
  }

  tell(frame: Frame): boolean {
    return this.ready && this.#link.offer(frame);
  }
}
