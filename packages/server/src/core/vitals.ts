import type { Env } from '@hubbub/protocol/env';
import { limits } from '@hubbub/protocol/limits';
import type { Mechanism } from './mechanisms.ts';
import type { Transport } from './transport.ts';

/** Without a sign of life for so long, a link is taken for dead: nothing is written to it any more. */
const deadAfter = 2 * limits.heartbeatMs;
const silentAfter = 60_000;

/** Whether a link lives, by what is heard of it. */
export class Vitals {
  readonly #env: Env<Mechanism>;
  readonly #transport: Pick<Transport, 'heardAt'>;
  #dead = false;

  constructor(env: Env<Mechanism>, transport: Pick<Transport, 'heardAt'>) {
    this.#env = env;
    this.#transport = transport;
  }

  /** Taken for dead. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Looks, at a beat: `silent` for too long to be kept, `died` just now, `quiet`, or `heard`: what it says may be no frame. */
  beat(): 'silent' | 'died' | 'quiet' | 'heard' {
    const silence = this.#env.now() - this.#transport.heardAt();
    if (silence >= silentAfter) {
      this.#env.count('link_silent');
      return 'silent';
    }
    if (silence <= deadAfter) return 'heard';
    if (this.#dead) return 'quiet';
    this.#dead = true;
    this.#env.count('link_dead');
    return 'died';
  }

  /** It has been heard. Says whether it was taken for dead. */
  revive(): boolean {
    const was = this.#dead;
    this.#dead = false;
    return was;
  }
}
