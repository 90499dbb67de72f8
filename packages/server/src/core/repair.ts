import type { Env } from '@hubbub/protocol/env';
import type { Channel } from './channel.ts';
import type { Flights } from './flight.ts';
import type { Mechanism } from './mechanisms.ts';

const firstPause = 50;
const longestPause = 2_000;

/** Reads from the store what the bells did not bring: after giving them the time to, one flight at a time per channel. */
export class Repair {
  readonly #env: Env<Mechanism>;
  readonly #flights: Flights;
  readonly #patience: () => number;
  readonly #busy = new Set<Channel>();

  /** `patience`: how long a hole may fill by itself, from what bells have taken lately. */
  constructor(env: Env<Mechanism>, flights: Flights, patience: () => number) {
    this.#env = env;
    this.#flights = flights;
    this.#patience = patience;
  }

  get size(): number {
    return this.#busy.size;
  }

  /** The channel knows of more than it holds. Called again while it is being repaired, it does nothing. */
  missing(channel: Channel): void {
    if (this.#busy.has(channel)) return;
    this.#busy.add(channel);
    this.#env.count('hole_waited');
    this.#env.timer(this.#patience(), () => {
      if (channel.head >= channel.known) {
        this.#env.count('hole_filled');
        this.#busy.delete(channel);
        return;
      }
      void this.#repair(channel);
    });
  }

  async #repair(channel: Channel): Promise<void> {
    let pause = firstPause;
    while (channel.open && channel.head < channel.known) {
      const head = channel.head;
      this.#env.count('repair');
      try {
        // The landing is offered to the channel before anybody who waits for it, us included.
        await this.#flights.read(channel.name, head + 1, channel.known);
      } catch {
        // Told apart from an empty answer by nothing that matters: both are tried again, ever later.
      }
      if (channel.head > head) {
        pause = firstPause;
        continue;
      }
      await new Promise<void>((resolve) => this.#env.timer(pause, resolve));
      pause = Math.min(longestPause, pause * 2);
    }
    this.#busy.delete(channel);
    // What came to be known in the last moment has found us busy.
    channel.check();
  }
}
