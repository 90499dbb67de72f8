import type { CommandName, CommandPush, HelloReply, Push, Replies } from '@hubbub/protocol/frames';
import { backoff } from './backoff.ts';
import { type ConnectionEvent, type ConnectionState, step } from './connection-state.ts';
import { HubbubError } from './error.ts';
import { Line, type LineParts } from './line.ts';

export interface ConnectionParts extends LineParts {
  onState(state: ConnectionState): void;
  /** Another line has taken the place of the one that was open, without a pause: what was asked on that one is void. */
  onMoved(): void;
  /** hello was accepted: commands can be sent from here on. */
  onWelcome(reply: HelloReply): void;
  onPush(push: Exclude<Push, CommandPush>): void;
}

/** Keeps a line to a server, for ever: dials, dials again, and moves over to another server when this one says bye. */
export class Connection {
  readonly #parts: ConnectionParts;
  #state: ConnectionState = { phase: 'dialing', attempt: 1 };
  #line: Line | undefined;
  /** The next one, while the present one still works. */
  #spare: Line | undefined;
  #moves = 0;
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

  /** See `Line.request`. */
  request<Name extends CommandName>(
    cmd: Name,
    members: string,
    taken?: (reply: Replies[Name]) => void,
    told?: (push: CommandPush) => void,
  ): Promise<Replies[Name]> {
    const line = this.#state.phase === 'open' ? this.#line : undefined;
    return line?.request(cmd, members, taken, told) ?? Promise.reject(new HubbubError('link_lost', 'not connected'));
  }

  /** Does not wait any longer. */
  retry(): void {
    this.#apply({ type: 'retry' });
  }

  /** Credentials have changed: greets anew. */
  signIn(): void {
    this.#apply({ type: 'signedIn' });
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
    if (this.#state.phase === 'waiting')
      this.#cancelTimer = env.timer(this.#state.retryAt - env.now(), () => this.#apply({ type: 'retry' }));
    this.#parts.onState(this.#state);
  }

  #dial(): void {
    const { env, onWelcome } = this.#parts;
    const line: Line = new Line(this.#parts, {
      onOpened: () => this.#apply({ type: 'opened' }),
      onWelcome: (reply) => {
        this.#apply({ type: 'welcomed' });
        // Whoever was told of it may have closed, or signed in as somebody else.
        if (this.#line === line) onWelcome(reply);
      },
      onPush: (push) => this.#pushed(line, push),
      onRefused: (code, text) => this.#apply({ type: 'refused', code, text }),
      onLost: (atLeast) => this.#apply({ type: 'lost', now: env.now(), wait: (attempt) => backoff(attempt, env.random, atLeast) }),
    });
    this.#line = line;
  }

  #pushed(line: Line, push: Exclude<Push, CommandPush>): void {
    // What the former one brings is the next one's to bring.
    if (line !== this.#line) return;
    if (push.push !== 'bye') return this.#parts.onPush(push);
    line.leaveAlone(push.retryAfter ?? 0);
    if (push.after > 0) this.#moveIn(push.after);
  }

  #moveIn(ms: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.env.timer(ms, () => this.#move());
  }

  /** Opens another line beside the one that works, and lets go of that when the other one is welcome. */
  #move(): void {
    const { env, onMoved, onWelcome } = this.#parts;
    const again = (atLeast: number): void => {
      this.#spare = undefined;
      this.#moves += 1;
      this.#moveIn(backoff(this.#moves, env.random, atLeast));
    };
    const line: Line = new Line(this.#parts, {
      onOpened: () => {},
      onWelcome: (reply) => {
        this.#moves = 0;
        this.#spare = undefined;
        const former = this.#line;
        this.#line = line;
        former?.close();
        env.count('moved_over');
        onMoved();
        if (this.#line === line) onWelcome(reply);
      },
      onPush: (push) => this.#pushed(line, push),
      onRefused: (code, text) => (this.#line === line ? this.#apply({ type: 'refused', code, text }) : again(0)),
      onLost: (atLeast) => {
        if (this.#line !== line) return again(atLeast);
        this.#apply({ type: 'lost', now: env.now(), wait: (attempt) => backoff(attempt, env.random, atLeast) });
      },
    });
    this.#spare = line;
  }

  #hangUp(): void {
    this.#cancelTimer();
    this.#moves = 0;
    for (const line of [this.#spare, this.#line]) line?.close();
    this.#spare = undefined;
    this.#line = undefined;
  }
}
