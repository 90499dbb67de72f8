import { codeOfClose, isPassing, type Problem } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { CommandName, HelloCommand, HelloReply, Push, Replies } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { backoff } from './backoff.ts';
import { type ConnectionEvent, type ConnectionState, step } from './connection-state.ts';
import { HubbubError } from './error.ts';
import type { Dial, Link } from './link.ts';

/** One try of a command. The server answers within 10 s; what is late by more is not coming. */
const patience = 15_000;
/** The server is heard every ten seconds: after two silent beats the link is given up. */
const silence = 2 * limits.heartbeatMs;

export interface ConnectionParts {
  readonly env: Env;
  readonly url: string;
  readonly dial: Dial;
  /** What hello says besides its number. */
  hello(): Omit<HelloCommand, 'req' | 'cmd'>;
  onState(state: ConnectionState): void;
  /** hello was accepted: commands can be sent from here on. */
  onWelcome(reply: HelloReply): void;
  onPush(push: Push): void;
}

interface Waiting {
  readonly resolve: (reply: never) => void;
  readonly reject: (error: HubbubError) => void;
  readonly cancel: () => void;
}

/** Keeps a link to the server, for ever: dials, greets, matches replies to commands, notices silence, starts again. */
export class Connection {
  readonly #parts: ConnectionParts;
  #state: ConnectionState = { phase: 'dialing', attempt: 1 };
  #link: Link | undefined;
  #waiting = new Map<number, Waiting>();
  #req = 0;
  #heardAt = 0;
  #saidAt = 0;
  #retryAfter = 0;
  #cancelTimer: () => void = () => {};

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  start(): void {
    this.#dial();
  }

  /**
   * Sends a command; its reply, or a HubbubError: the server's, `link_lost`, or `timeout`. `taken` is called with the reply before the
   * next frame is looked at: a promise's continuation may come after it, for a platform may hand over several frames in one go.
   */
  request<Name extends CommandName>(cmd: Name, members: string, taken?: (reply: Replies[Name]) => void): Promise<Replies[Name]> {
    return new Promise((resolve, reject) => {
      const link = this.#link;
      if (this.#state.phase !== 'open' || !link) {
        reject(new HubbubError('link_lost', 'not connected'));
        return;
      }
      const answered = (reply: Replies[Name]): void => {
        taken?.(reply);
        resolve(reply);
      };
      this.#say(link, cmd, members, { resolve: answered, reject });
    });
  }

  /** Does not wait any longer. */
  retry(): void {
    this.#apply({ type: 'retry' });
  }

  /** Credentials have changed: greets anew. */
  signIn(): void {
    this.#apply({ type: 'signedIn' });
  }

  /** The server has asked to be left alone for so long. */
  leaveAlone(ms: number): void {
    this.#retryAfter = ms;
  }

  close(): void {
    this.#apply({ type: 'close' });
  }

  #apply(event: ConnectionEvent): void {
    const before = this.#state;
    this.#state = step(before, event);
    if (this.#state === before) return;
    if (this.#state.phase !== 'greeting' && this.#state.phase !== 'open') this.#hangUp();
    const { env } = this.#parts;
    if (this.#state.phase === 'dialing') this.#dial();
    if (this.#state.phase === 'waiting') {
      this.#cancelTimer();
      this.#cancelTimer = env.timer(this.#state.retryAt - env.now(), () => this.#apply({ type: 'retry' }));
    }
    this.#parts.onState(this.#state);
  }

  #dial(): void {
    const { env, url, dial } = this.#parts;
    // What a former link's server asked for is over.
    this.#retryAfter = 0;
    const mine = (run: () => void): void => {
      if (this.#link === link) run();
    };
    const link = dial(url, {
      onOpen: () => mine(() => this.#opened()),
      onFrame: (text) => mine(() => this.#heard(text)),
      onClose: (code, reason) => mine(() => this.#closed(code, reason)),
    });
    this.#link = link;
    this.#heardAt = env.now();
    this.#saidAt = env.now();
    this.#cancelTimer();
    this.#watch();
  }

  /** Forgets the link; what waits for a reply on it will not get one. */
  #hangUp(): void {
    this.#cancelTimer();
    const link = this.#link;
    this.#link = undefined;
    link?.close();
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const { reject, cancel } of waiting.values()) {
      cancel();
      reject(new HubbubError('link_lost', 'the link was lost'));
    }
  }

  #lost(): void {
    const { env } = this.#parts;
    const atLeast = this.#retryAfter;
    this.#retryAfter = 0;
    this.#apply({ type: 'lost', now: env.now(), wait: (attempt) => backoff(attempt, env.random, atLeast) });
  }

  #opened(): void {
    const link = this.#link;
    if (!link) return;
    this.#apply({ type: 'opened' });
    const { hello, onWelcome } = this.#parts;
    const members = JSON.stringify(hello()).slice(1, -1);
    this.#say(link, 'hello', members, {
      resolve: (reply: HelloReply) => {
        this.#apply({ type: 'welcomed' });
        // Whoever was told of it may have closed, or signed in as somebody else.
        if (this.#link === link) onWelcome(reply);
      },
      reject: (error) => {
        if (this.#link !== link) return;
        if (error.passing) {
          this.#retryAfter = Math.max(this.#retryAfter, error.retryAfter ?? 0);
          this.#lost();
        } else this.#apply({ type: 'refused', code: error.code, text: error.message });
      },
    });
  }

  #closed(closeCode: number, reason: string): void {
    const code = codeOfClose(closeCode);
    const refusal = code === 'unauthorized' || code === 'upgrade_required';
    if (refusal) this.#apply({ type: 'refused', code, text: reason });
    else this.#lost();
  }

  #say(link: Link, cmd: CommandName, members: string, { resolve, reject }: Pick<Waiting, 'resolve' | 'reject'>): void {
    this.#req += 1;
    const req = this.#req;
    const cancel = this.#parts.env.timer(patience, () => {
      this.#waiting.delete(req);
      reject(new HubbubError('timeout', `no answer within ${patience} ms`));
    });
    this.#waiting.set(req, { resolve, reject, cancel });
    this.#saidAt = this.#parts.env.now();
    link.send(`{"req":${req},"cmd":"${cmd}"${members === '' ? '' : `,${members}`}}`);
  }

  #heard(text: string): void {
    this.#heardAt = this.#parts.env.now();
    const frame = JSON.parse(text) as Push | { res: number; error?: Problem };
    if ('push' in frame) {
      if (frame.push === 'error') {
        const { code, retryAfter } = frame.error;
        if (retryAfter !== undefined) this.#retryAfter = retryAfter;
        if (code === 'unauthorized' || code === 'upgrade_required' || !isPassing(code)) this.#refusedBy(frame.error);
      } else this.#parts.onPush(frame);
      return;
    }
    const waiting = this.#waiting.get(frame.res);
    if (!waiting) return;
    this.#waiting.delete(frame.res);
    waiting.cancel();
    if (frame.error) waiting.reject(HubbubError.of(frame.error));
    else waiting.resolve(frame as never);
  }

  /** Only these two are about us; any other final code is about one frame of ours, and a new link is worth a try. */
  #refusedBy({ code, text }: { code: string; text: string }): void {
    if (code === 'unauthorized' || code === 'upgrade_required') this.#apply({ type: 'refused', code, text });
  }

  /** One timer per link: says ping where nothing else was said, and gives the link up where nothing was heard. */
  #watch(): void {
    const { env } = this.#parts;
    const due = Math.min(this.#heardAt + silence, this.#saidAt + limits.heartbeatMs);
    this.#cancelTimer = env.timer(Math.max(1, due - env.now()), () => {
      const now = env.now();
      if (now - this.#heardAt >= silence) return this.#lost();
      if (this.#state.phase === 'open' && now - this.#saidAt >= limits.heartbeatMs) this.request('ping', '').catch(() => {});
      if (this.#state.phase !== 'open') this.#saidAt = now;
      this.#watch();
    });
  }
}
