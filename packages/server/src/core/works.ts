import { type Code, Refusal } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { CommandPush } from '@hubbub/protocol/frames';
import { type LongWork, StoreError } from '../store/store.ts';
import type { Who } from './identity.ts';

/** The link of whoever administers. */
export interface AdminLink {
  /** It comes from this very machine. */
  readonly loopback: boolean;
  /** Writes a push if the link has room; says whether it did. */
  tell(push: CommandPush): boolean;
}

/** Nobody looks more often. */
const tellAtMost = 250;
/** Whoever has heard nothing for longer may take it for dead. */
const tellAtLeast = 5_000;

/** The administrator's commands that are at work on a node. Each takes as long as it takes, tells how far it is, and ends with its link or with the node. */
export class Works {
  readonly #env: Env;
  readonly #running = new Map<AbortController, AdminLink>();

  constructor(env: Env) {
    this.#env = env;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * Does an administrator's work: the one way to all of it, so that none is done for anybody else. Throws Refusal: `forbidden`,
   * `closing` (the node goes), what the work throws; a StoreError as the code that fits.
   */
  async run<Result>(who: Who, link: AdminLink, req: number, work: (long: LongWork) => Promise<Result>): Promise<Result> {
    if (!who.rights.includes('admin') || !link.loopback) {
      throw new Refusal('forbidden', "this is the administrator's, on the server's own machine");
    }
    const ending = new AbortController();
    const { signal } = ending;
    const teller = new Teller(this.#env, (done) => link.tell({ push: 'progress', req, done }));
    this.#running.set(ending, link);
    try {
      return await Promise.race([work({ progress: (done) => teller.reach(done), signal }), aborted(signal)]);
    } catch (error) {
      throw error instanceof StoreError ? new Refusal(codeOf(error), error.message) : error;
    } finally {
      teller.stop();
      this.#running.delete(ending);
    }
  }

  /** Nobody waits for what this link has asked for. */
  left(link: AdminLink): void {
    this.#end((whose) => whose === link, new Refusal('unavailable', 'the link is gone'));
  }

  /** The node is going: what is at work is answered `closing`. Resolves when it has been. */
  async close(): Promise<void> {
    if (this.#running.size === 0) return;
    this.#end(() => true, new Refusal('closing', 'the server is closing'));
    await new Promise<void>((resolve) => this.#env.turn(resolve));
  }

  #end(which: (link: AdminLink) => boolean, why: Refusal): void {
    for (const [ending, link] of this.#running) if (which(link)) ending.abort(why);
  }
}

/** Says how far it is: not more often than anybody looks, and now and then even if nothing has come about. */
class Teller {
  readonly #env: Env;
  readonly #tell: (done: number) => void;
  #done = 0;
  #toldAt: number;
  #cancel: () => void = () => {};

  constructor(env: Env, tell: (done: number) => void) {
    this.#env = env;
    this.#tell = tell;
    this.#toldAt = env.now();
    this.#wait();
  }

  reach(done: number): void {
    this.#done = Math.min(1, Math.max(this.#done, done));
    if (this.#env.now() - this.#toldAt >= tellAtMost) this.#say();
  }

  stop(): void {
    this.#cancel();
  }

  #say(): void {
    this.#toldAt = this.#env.now();
    this.#tell(this.#done);
  }

  #wait(): void {
    this.#cancel = this.#env.timer(this.#toldAt + tellAtLeast - this.#env.now(), () => {
      if (this.#env.now() - this.#toldAt >= tellAtLeast) this.#say();
      this.#wait();
    });
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Refusal), { once: true }));
}

function codeOf({ code }: StoreError): Code {
  return code === 'conflict' || code === 'not_supported' ? code : 'unavailable';
}
