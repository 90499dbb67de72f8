import type { Env } from '@hubbub/protocol/env';
import type { Channel } from './channel.ts';
import type { Mechanism } from './mechanisms.ts';

/** Moves `sent` to the head of every channel that has advanced, once a turn, and tells who stands there. */
export class Fanout {
  readonly #env: Env<Mechanism>;
  #due = new Set<Channel>();

  constructor(env: Env<Mechanism>) {
    this.#env = env;
  }

  advanced(channel: Channel): void {
    if (this.#due.size === 0) this.#env.turn(() => this.#run());
    this.#due.add(channel);
  }

  #run(): void {
    const due = this.#due;
    this.#due = new Set();
    for (const channel of due) {
      if (channel.sent >= channel.head) continue;
      channel.sent = channel.head;
      for (const listener of channel.listeners) listener.due();
    }
  }
}
