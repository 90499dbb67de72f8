import type { Problem } from '@hubbub/protocol/codes';
import { limits } from '@hubbub/protocol/limits';
import type { Who } from './identity.ts';
import { Pace } from './pace.ts';

/**
 * A client across its links. A node knows it only while a link of it is open, or a send of it is unanswered: that is what keeps two
 * links of one client from sending to one channel at once.
 */
export class Session {
  readonly sending = new Set<string>();
  readonly #commands = new Pace(limits.commandsPerSecond, limits.commandBurst);
  readonly signals = new Pace(limits.signalsPerSecond, limits.signalBurst);
  links = 0;

  /** Takes one command; or says that it comes too early, and when it may come again. Programs that speak for many are not held to the pace of one. */
  take({ rights }: Who, now: number): Problem | undefined {
    const wait = rights.includes('import') || rights.includes('as') ? 0 : this.#commands.take(now);
    if (wait === 0) return undefined;
    return { code: 'too_fast', text: `at most ${limits.commandsPerSecond} commands a second`, retryAfter: Math.ceil(wait) };
  }
}

export class Sessions {
  readonly #sessions = new Map<string, Session>();

  get size(): number {
    return this.#sessions.size;
  }

  /** The session's record, one link richer. */
  join(user: string, id: string): Session {
    const key = `${user} ${id}`;
    let session = this.#sessions.get(key);
    if (!session) {
      session = new Session();
      this.#sessions.set(key, session);
    }
    session.links += 1;
    return session;
  }

  leave(user: string, id: string): void {
    const session = this.#sessions.get(`${user} ${id}`);
    if (!session) return;
    session.links -= 1;
    this.tidy(user, id);
  }

  /** Forgets a session that has neither link nor send. */
  tidy(user: string, id: string): void {
    const session = this.#sessions.get(`${user} ${id}`);
    if (session && session.links === 0 && session.sending.size === 0) this.#sessions.delete(`${user} ${id}`);
  }
}
