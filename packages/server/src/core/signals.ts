import type { Env } from '@hubbub/protocol/env';
import type { Channel } from './channel.ts';
import type { Hub } from './hub.ts';
import type { Mechanism } from './mechanisms.ts';
import type { Member } from './presence.ts';
import { Frame } from './transport.ts';

/** Giving a signal to so many that it takes a while lets the channel's next ones fall by the wayside for three times as long. */
const light = 1;
const rest = 3;
const longestRest = 50;
/** Nodes whose newest signal of a channel is remembered. */
const mostNodes = 64;

/** A signal on its way: its body is JSON text, made once. */
export interface Signal {
  readonly channel: string;
  readonly from: Member;
  readonly kind: string;
  readonly body: string;
}

export interface SignalsParts {
  readonly env: Env<Mechanism>;
  readonly hub: Pick<Hub, 'get'>;
  /** Tells the other nodes. */
  send(channel: string, text: string): void;
  /** Whether the newest look is too old for anything to be written. */
  held(): boolean;
}

/** What is remembered of a channel: the newest number by node, and until when it rests. */
interface Recent {
  readonly numbers: Map<string, number>;
  restUntil: number;
}

/**
 * Hands on what passes: to everybody who reads the channel here, and to the other nodes. Nothing is kept for anybody: who cannot take it
 * does not get it, for the next one says more.
 */
export class Signals {
  readonly #parts: SignalsParts;
  readonly #recent = new WeakMap<Channel, Recent>();
  #number = 0;

  constructor(parts: SignalsParts) {
    this.#parts = parts;
  }

  /** Whoever gives it may, and is not too fast. */
  give(signal: Signal): void {
    const { channel, from, kind, body } = signal;
    this.#number += 1;
    const { session, user } = from;
    this.#parts.send(channel, `${JSON.stringify({ number: this.#number, session, from: user, kind })}\n${body}`);
    this.#deliver(signal);
  }

  /** What another node has been given. Doubled or overtaken, it is dropped: whoever types has a newer one. */
  hear(channel: string, node: string, text: string): void {
    const { env, hub, held } = this.#parts;
    const here = hub.get(channel);
    const heard = read(text);
    if (!here || !heard) return;
    if (held()) return env.count('signal_held');
    const { numbers } = this.#of(here);
    if (heard.number <= (numbers.get(node) ?? 0)) return env.count('signal_overtaken');
    numbers.delete(node);
    numbers.set(node, heard.number);
    if (numbers.size > mostNodes) for (const oldest of numbers.keys().take(1)) numbers.delete(oldest);
    env.count('signal_heard');
    this.#deliver({ channel, ...heard.signal });
  }

  #deliver({ channel, from, kind, body }: Signal): void {
    const { env, hub } = this.#parts;
    const here = hub.get(channel);
    if (!here) return;
    const began = env.now();
    const recent = this.#of(here);
    if (began < recent.restUntil) return env.count('signal_shed');
    // Names and kinds have no character that JSON escapes.
    const frame = new Frame(`{"push":"signal","channel":"${channel}","from":"${from.user}","kind":"${kind}","body":${body}}`);
    for (const listener of here.listeners) {
      const outcome = listener.signal(frame, from.session);
      if (outcome !== 'not_for_it') env.count(`signal_${outcome}`);
    }
    const took = env.now() - began;
    if (took >= light) recent.restUntil = env.now() + Math.min(rest * took, longestRest);
  }

  #of(channel: Channel): Recent {
    let recent = this.#recent.get(channel);
    if (!recent) {
      recent = { numbers: new Map(), restUntil: 0 };
      this.#recent.set(channel, recent);
    }
    return recent;
  }
}

function read(text: string): { readonly number: number; readonly signal: Omit<Signal, 'channel'> } | undefined {
  const end = text.indexOf('\n');
  try {
    const { number, session, from, kind } = JSON.parse(text.slice(0, end)) as Record<string, unknown>;
    if (typeof number !== 'number' || typeof session !== 'string' || typeof from !== 'string' || typeof kind !== 'string') return undefined;
    return { number, signal: { from: { user: from, session }, kind, body: text.slice(end + 1) } };
  } catch {
    return undefined;
  }
}
