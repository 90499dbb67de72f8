import type { Env } from '@hubbub/protocol/env';
import type { Push } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import type { Connection } from './connection.ts';
import type { Look } from './look.ts';
import type { Mechanism } from './mechanisms.ts';

/** Links get their beat in turn, a tenth of them a second. */
const beatSlots = 10;
/** A hold that lasts so long is told at once. */
const toldHoldAfter = 2_000;
const slice = 5;
/** With an embedded store there is no other node to go to: the link ends at once, and the server may be back soon. */
const byeAtOnce = { push: 'bye', after: 0, retryAfter: 1_000 } as const;
/** Clients move over within this part of the time that they have, each at a moment of its own: they must not reach the next node at once. */
const moveWithin = 0.8;

export interface LinksParts {
  readonly env: Env<Mechanism>;
  readonly look: Pick<Look, 'held' | 'heldFor'>;
  degraded(): boolean;
}

/** The links of a node, and what is said to all of them: their beats, how the node is, that it goes. */
export class Links {
  readonly #parts: LinksParts;
  /** Each with its turn for the beat. */
  readonly #connections = new Map<Connection, number>();
  #attached = 0;
  #slot = 0;
  #toldStale = false;
  #cancelBeat: (() => void) | undefined;
  /** Ends the waiting for clients to move over. */
  #hurry: () => void = () => {};

  constructor(parts: LinksParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** What the beat of the moment says. */
  get health(): Extract<Push, { push: 'health' }> {
    const { look, degraded } = this.#parts;
    return { push: 'health', stale: look.held(), degraded: degraded() };
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#connections.keys();
  }

  add(connection: Connection): void {
    this.#connections.set(connection, this.#attached % beatSlots);
    this.#attached += 1;
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#hurry();
  }

  /** Begins to beat. */
  start(): void {
    this.#beat();
  }

  /** After a hold the links wake in turn, so that whoever is live on other channels need not wait for all of them. */
  wake(): void {
    const { env } = this.#parts;
    if (this.#toldStale) this.#tellHealth();
    const waking = [...this];
    const wake = (): void => {
      const began = env.now();
      while (waking.length > 0 && env.now() - began < slice) waking.shift()?.ready();
      if (waking.length > 0) env.turn(wake);
    };
    wake();
  }

  /** Lets the clients go, each in its own time. Resolves when the last one has gone, after `ms`, or when it is told to hurry. */
  async drain(ms: number): Promise<void> {
    const { env } = this.#parts;
    for (const connection of this) connection.bye({ push: 'bye', after: Math.ceil(env.random() * moveWithin * ms) + 1 });
    if (this.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = env.timer(ms, resolve);
      this.#hurry = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Nobody waits any longer for clients to move over. */
  hurry(): void {
    this.#hurry();
  }

  /** Tells who is left that it is over now. */
  bye(): void {
    for (const connection of this) connection.bye(byeAtOnce);
  }

  close(): void {
    this.#cancelBeat?.();
    for (const connection of [...this]) connection.close('closing', 'the server is closing');
  }

  #tellHealth(): void {
    const { health } = this;
    this.#toldStale = health.stale;
    for (const connection of this) connection.health(health);
  }

  #beat(): void {
    const { env, look } = this.#parts;
    const { health } = this;
    for (const [connection, slot] of this.#connections) if (slot === this.#slot) connection.beat(health);
    this.#slot = (this.#slot + 1) % beatSlots;
    if (!this.#toldStale && look.heldFor() >= toldHoldAfter) this.#tellHealth();
    this.#cancelBeat = env.timer(limits.heartbeatMs / beatSlots, () => this.#beat());
  }
}
