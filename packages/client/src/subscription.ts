import type { Env } from '@hubbub/protocol/env';
import type { Event } from '@hubbub/protocol/event';
import type {
  EventsPush,
  Failed,
  PresencePush,
  PresenceReply,
  ResetReason,
  SignalPush,
  StatePush,
  Subscribed,
  SubscribeTarget,
} from '@hubbub/protocol/frames';
import { formatPosition, parsePosition } from '@hubbub/protocol/position';
import { backoff } from './backoff.ts';
import { HubbubError } from './error.ts';
import { type Presence, PresenceView } from './presence.ts';
import type { Signal } from './signals.ts';

/** A hole so soon after another, in milliseconds, is one of a row. */
const gapsInARow = 30_000;

export interface SubscribeOptions {
  /** `OFFSET~EPOCH`: all after it. `0`: all that is kept. Left out: from now on. */
  readonly position?: string;
  /** When more than so many events are missing, drop what we have and begin at the newest page (`onReset('too_old')`). With `position: '0'`: "the newest page, please". */
  readonly maxGap?: number;
  /** Events in the order of the log, each once, none left out. Every call is one batch as it arrived. */
  onEvents(events: readonly Event[]): void;
  /** What was applied of this channel so far must be dropped (`reset`), or the oldest part of what was to come is no longer kept (`trimmed`). Applying goes on after it. */
  onReset?(reason: ResetReason | 'trimmed'): void;
  onState?(state: SubscriptionState): void;
  /** What passes and is never in the log: at most once each, perhaps never, in no order with the events. */
  onSignal?(signal: Signal): void;
  /** Who is there: given, the server is asked, and this is called after every change. */
  onPresence?(presence: Presence): void;
}

export type SubscriptionState =
  | { readonly state: 'opening' }
  | { readonly state: 'behind'; readonly toGo: number }
  | { readonly state: 'live' }
  | { readonly state: 'gone'; readonly code: string };

export interface Subscription {
  readonly channel: string;
  readonly state: SubscriptionState;
  /** How far it has read, `OFFSET~EPOCH`; undefined until the server has said where it stands. Keep it to resume another day. */
  readonly position: string | undefined;
  /** Who is there; undefined where `onPresence` was not given. */
  readonly presence: Presence | undefined;
  close(): void;
}

/** What a subscription needs of its client. */
export interface SubscriptionParts {
  readonly env: Env;
  /** Asks the server for this channel, from `target()` on, soon. */
  ask(subscription: ChannelSubscription): void;
  /** Asks who is there, from behind a name on. */
  askPresence(channel: string, after: string | undefined, taken: (reply: PresenceReply) => void): Promise<unknown>;
  changed(subscription: ChannelSubscription): void;
  closed(subscription: ChannelSubscription): void;
}

/** A channel as a client reads it: one cursor, and events applied in the order of the log, each once, none left out. */
export class ChannelSubscription implements Subscription {
  readonly channel: string;
  readonly #parts: SubscriptionParts;
  readonly #options: SubscribeOptions;
  #state: SubscriptionState = { state: 'opening' };
  /** How far it has read; without an epoch before the server has named one. */
  #cursor: { offset: number; epoch: string } | undefined;
  /** The highest offset that we have heard of. */
  #head = 0;
  /** Between asking and the reply, what comes belongs to the former subscription of the channel. */
  #deaf = true;
  #asked = 0;
  /** Holes met in a row, and when the last was. */
  #gaps = 0;
  #gapAt = Number.NEGATIVE_INFINITY;
  readonly #presence: PresenceView | undefined;

  constructor(channel: string, options: SubscribeOptions, parts: SubscriptionParts) {
    this.channel = channel;
    this.#parts = parts;
    this.#options = options;
    const start = options.position === undefined ? undefined : parsePosition(options.position);
    if (options.position !== undefined && !start) throw new HubbubError('bad_position', 'a position is OFFSET~EPOCH, or 0');
    if (start?.epoch !== undefined) this.#cursor = { offset: start.offset, epoch: start.epoch };
    if (!options.onPresence) return;
    this.#presence = new PresenceView({
      env: parts.env,
      isOpen: () => !this.#deaf,
      ask: (after, taken) => parts.askPresence(channel, after, taken),
      changed: (presence) => this.#call(() => this.#options.onPresence?.(presence)),
    });
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  get position(): string | undefined {
    return this.#cursor && formatPosition(this.#cursor);
  }

  get presence(): Presence | undefined {
    return this.#presence;
  }

  get toGo(): number {
    return this.#cursor ? Math.max(0, this.#head - this.#cursor.offset) : 0;
  }

  close(): void {
    this.#deaf = true;
    this.#presence?.close();
    this.#state = { state: 'gone', code: 'closed' };
    this.#parts.closed(this);
  }

  /** What to ask the server for. */
  target(): SubscribeTarget {
    this.#hush();
    if (this.#cursor && this.#asked > 0) this.#parts.env.count('resumed');
    this.#asked += 1;
    const position = this.position ?? this.#options.position;
    const { maxGap } = this.#options;
    return { channel: this.channel, ...(position !== undefined && { position }), ...(maxGap !== undefined && { maxGap }) };
  }

  /** The link is gone. */
  lost(): void {
    this.#hush();
    if (this.#state.state !== 'gone') this.#set({ state: 'opening' });
  }

  /** The server's answer to `target`. A passing refusal is for the client to ask again. */
  answered(result: Subscribed | Failed): void {
    if (this.#state.state === 'gone') return;
    if ('error' in result) {
      const error = HubbubError.of(result.error as { code: string; text: string });
      if (!error.passing) this.#set({ state: 'gone', code: error.code });
      return;
    }
    this.#deaf = false;
    const at = parsePosition(result.position);
    // Where we stood already, a reset or a trim is told by a push of its own.
    if (!this.#cursor && at?.epoch !== undefined) this.#cursor = { offset: at.offset, epoch: at.epoch };
    this.#head = Math.max(this.#head, result.head);
    this.#set(result.live ? { state: 'live' } : { state: 'behind', toGo: this.toGo });
    if (!this.#deaf) this.#presence?.opened();
  }

  onSignal({ from, kind, body }: SignalPush): void {
    if (!this.#deaf) this.#call(() => this.#options.onSignal?.({ from, kind, body }));
  }

  onPresence(push: PresencePush): void {
    this.#presence?.onPush(push);
  }

  onEvents({ epoch, events }: EventsPush): void {
    const cursor = this.#cursor;
    if (this.#deaf || !cursor) return;
    if (epoch !== cursor.epoch) return this.#gap();
    const fresh = events.filter(({ offset }) => offset > cursor.offset) as unknown as Event[];
    const last = fresh.at(-1);
    if (!last) return;
    if (fresh.some(({ offset }, at) => offset !== cursor.offset + 1 + at)) return this.#gap();
    // The cursor moves first: whoever closes or sends from inside the callback sees where it stands.
    this.#cursor = { offset: last.offset, epoch };
    this.#head = Math.max(this.#head, last.offset);
    this.#call(() => this.#options.onEvents(fresh));
    if (this.#state.state === 'behind') this.#set({ state: 'behind', toGo: this.toGo });
  }

  onState(push: StatePush): void {
    if (this.#deaf) return;
    if (push.head !== undefined) this.#head = push.head;
    switch (push.state) {
      case 'live':
        return this.#set({ state: 'live' });
      case 'behind':
        return this.#set({ state: 'behind', toGo: this.toGo });
      case 'gone':
        this.#hush();
        return this.#set({ state: 'gone', code: push.reason ?? 'forbidden' });
      case 'reset':
      case 'trimmed': {
        const at = push.position === undefined ? undefined : parsePosition(push.position);
        if (at?.epoch === undefined) return;
        this.#cursor = { offset: at.offset, epoch: at.epoch };
        const reason = push.state === 'trimmed' ? 'trimmed' : (push.reason as 'new_epoch');
        this.#call(() => this.#options.onReset?.(reason));
        return this.#set({ state: 'behind', toGo: this.toGo });
      }
    }
  }

  /** Events are missing between what we have and what came: a defect of the server's, or of ours. We ask anew from what we have. */
  #gap(): void {
    const { env } = this.#parts;
    env.count('client_gap');
    this.#hush();
    this.#set({ state: 'opening' });
    // One may be a defect that is gone by now; a server that always leaves one is not to be asked without a pause.
    this.#gaps = env.now() - this.#gapAt < gapsInARow ? this.#gaps + 1 : 0;
    this.#gapAt = env.now();
    if (this.#gaps === 0) return this.#parts.ask(this);
    const asked = this.#asked;
    env.timer(backoff(this.#gaps, env.random, 0), () => {
      // Another link, or the end of it, has come first.
      if (this.#state.state !== 'gone' && asked === this.#asked) this.#parts.ask(this);
    });
  }

  /** What comes of the channel is not for us, until the next reply. */
  #hush(): void {
    this.#deaf = true;
    this.#presence?.lost();
  }

  #set(state: SubscriptionState): void {
    const before = this.#state;
    if (before.state === 'gone') return;
    if (before.state === state.state && (before.state !== 'behind' || (state.state === 'behind' && before.toGo === state.toGo))) return;
    this.#state = state;
    this.#call(() => this.#options.onState?.(state));
    this.#parts.changed(this);
  }

  /** What goes wrong in the caller's code is the caller's: it surfaces as his, and the subscription goes on. */
  #call(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#parts.env.turn(() => {
        throw error;
      });
    }
  }
}
