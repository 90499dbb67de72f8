import { type Code, codes, problem } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { Command, CommandPush, HelloCommand, InboxPush, Push, StatePush } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import type { Admission } from './admission.ts';
import { type ExecuteParts, execute, readingCommands, refusalOf } from './commands/execute.ts';
import { hello } from './commands/hello.ts';
import { BadCommand, parseCommand } from './commands/parse.ts';
import type { FeedLink } from './feed.ts';
import type { InboxLink } from './inbox.ts';
import type { Mechanism } from './mechanisms.ts';
import { enter, leave, type Member, type MemberParts } from './member.ts';
import type { ReadingLink } from './reading.ts';
import type { SignInSinks } from './sign-in.ts';
import { Frame, type LinkEnd, type LinkSink, type Transport } from './transport.ts';
import { Vitals } from './vitals.ts';
import type { AdminLink } from './works.ts';

/** A client that sends commands and does not read their replies may have so much unread, past what the link holds. */
const unreadReplies = 256 * 1_024;

/** What connections share. */
export interface ConnectionParts extends MemberParts, ExecuteParts {
  readonly env: Env<Mechanism>;
  readonly node: string;
  readonly build: string;
  readonly admission: Admission;
  /** Called once, when the link is gone. */
  closed(connection: Connection, end: LinkEnd): void;
  /** What the beat of the moment would say. */
  healthNow(): Extract<Push, { push: 'health' }>;
}

/** One client's link: its commands, their replies, and the feed that is pumped into it whenever there is room. */
export class Connection implements LinkSink, FeedLink, InboxLink, AdminLink, ReadingLink, SignInSinks {
  readonly #parts: ConnectionParts;
  readonly #transport: Transport;
  #state: 'new' | 'asking' | 'open' | 'closed' = 'new';
  #member: Member | undefined;
  #inFlight = 0;
  #pumping = false;
  readonly #vitals: Vitals;
  #leaving = false;
  #cancelHello: () => void;
  readonly #since: number;
  #end: Pick<LinkEnd, 'code' | 'reason'> = {};

  constructor(parts: ConnectionParts, transport: Transport) {
    this.#parts = parts;
    this.#transport = transport;
    this.#vitals = new Vitals(parts.env, transport);
    this.#since = parts.env.now();
    this.#cancelHello = parts.env.timer(limits.helloMs, () => this.close('hello_timeout', `a link says hello within ${limits.helloMs} ms`));
  }

  /** Who it is, once signed in. */
  get user(): string | undefined {
    return this.#member?.who.user;
  }

  onFrame(text: string): void {
    if (this.#state === 'closed') return;
    this.#alive();
    if (!this.reads) return this.close('silent', 'the replies to your commands are not read');
    let command: Command;
    try {
      command = parseCommand(text);
    } catch (error) {
      if (error instanceof BadCommand) return void (this.#tooFast(error.req) || this.#reply(error.req, { error: problem(error) }));
      return this.close('bad_frame', error instanceof Error ? error.message : 'not readable');
    }
    if (command.cmd === 'hello') {
      if (this.#state !== 'new') return this.#reply(command.req, { error: problem({ code: 'bad_command', text: 'hello has been said' }) });
      return void this.#hello(command);
    }
    if (this.#state !== 'open' || !this.#member)
      return this.close('hello_first', 'the first command is hello, and its reply is waited for');
    if (this.#leaving) return this.#reply(command.req, { error: problem({ code: 'closing', text: 'the server is closing' }) });
    if (this.#inFlight >= limits.commandsInFlight) {
      const text = `at most ${limits.commandsInFlight} commands wait for their reply`;
      return this.#reply(command.req, { error: problem({ code: 'too_many', text }) });
    }
    if (!this.#tooFast(command.req)) void this.#run(command, this.#member);
  }

  /** Whether a command comes before its time; then that is its answer. */
  #tooFast(req: number): boolean {
    const early = this.#member?.session.take(this.#member.who, this.#parts.env.now());
    if (early) this.#reply(req, { error: problem(early) });
    return early !== undefined;
  }

  onRoom(): void {
    this.#alive();
    this.#pump();
  }

  onClosed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelHello();
    this.#parts.works.left(this);
    if (this.#member) leave(this.#parts, this.#member);
    const user = this.user === undefined ? {} : { user: this.user };
    const lasted = Math.round(this.#parts.env.now() - this.#since);
    this.#parts.closed(this, { ...user, transport: this.#transport.traits.name, ...this.#end, lasted });
  }

  ready(): void {
    this.#pump();
  }

  offer(frame: Frame, now = false): boolean {
    const member = this.#member;
    if (this.#state !== 'open' || this.#vitals.dead || !member || this.#transport.room() <= 0) return false;
    if (!member.signIn.holds()) return false;
    this.#transport.write(frame, now);
    return true;
  }

  get ended(): boolean {
    return this.#state === 'closed';
  }

  get open(): boolean {
    const member = this.#member;
    return this.#state === 'open' && !this.#vitals.dead && member !== undefined && this.#transport.room() > 0 && member.signIn.holds();
  }

  get reads(): boolean {
    return this.#state !== 'closed' && this.#transport.room() >= -unreadReplies;
  }

  get loopback(): boolean {
    return this.#transport.traits.loopback;
  }

  tell(push: CommandPush | InboxPush): boolean {
    if (!this.open) return false;
    this.#push(push);
    return true;
  }

  flush(): void {
    this.#transport.flush();
  }

  state(push: StatePush, always: boolean): boolean {
    if (!always && (this.#transport.room() <= 0 || this.#vitals.dead)) return false;
    this.#push(push);
    return true;
  }

  /** Every ten seconds: a sign of life from us, and a look at theirs. */
  beat(health: Extract<Push, { push: 'health' }>): void {
    if (this.#state === 'closed') return;
    const found = this.#vitals.beat();
    if (found === 'silent') return this.close('silent', 'no sign of life');
    if (found === 'died' && this.#member) this.#member.attendance.alive = false;
    if (found === 'heard') this.#alive();
    this.health(health);
    this.#transport.ping();
  }

  health(push: Extract<Push, { push: 'health' }>): void {
    if (this.#state === 'open' && !this.#vitals.dead && this.#transport.room() > 0) this.#push(push);
  }

  /** Something concerns this user as such: who it is, and all that may be read, is asked again. */
  concern(): void {
    this.rightsChanged();
    this.#member?.signIn.askAgain();
  }

  signedOut(text: string): void {
    this.close('unauthorized', text);
  }

  rightsChanged(): void {
    const member = this.#member;
    if (!member) return;
    for (const subscription of member.feed.subscriptions.values()) member.feed.concern(subscription);
    this.#parts.inboxes.doubt(member.who.user);
  }

  /** The history is another one. */
  renewed(): void {
    const feed = this.#member?.feed;
    for (const subscription of feed?.subscriptions.values() ?? []) feed?.renewed(subscription);
  }

  /** The node is going. Without time for the client to move over, no more commands are taken; what is under way is answered. */
  bye(push: Extract<Push, { push: 'bye' }>): void {
    if (this.#state !== 'open') return;
    this.#leaving = push.after === 0;
    this.#push(push);
  }

  close(code: Code, text: string, retryAfter?: number): void {
    if (this.#state === 'closed') return;
    this.#push({ push: 'error', error: problem({ code, text, ...(retryAfter !== undefined && { retryAfter }) }) });
    this.#end = { code, reason: text };
    this.#transport.close(code, text);
    this.onClosed();
  }

  async #hello(command: HelloCommand): Promise<void> {
    this.#state = 'asking';
    try {
      this.#parts.admission.enter();
      const welcome = await hello(this.#parts, command);
      if (this.#isClosed()) return;
      this.#cancelHello();
      this.#state = 'open';
      this.#member = enter(this.#parts, welcome, command.session, this, this.#transport.traits);
      this.#reply(command.req, welcome.reply);
      this.health(this.#parts.healthNow());
    } catch (error) {
      if (this.#isClosed()) return;
      const refusal = refusalOf(error);
      if (codes[refusal.code].close !== undefined) return this.close(refusal.code, refusal.text, refusal.retryAfter);
      this.#state = 'new';
      this.#reply(command.req, { error: problem(refusal) });
    }
  }

  async #run(command: Exclude<Command, HelloCommand>, member: Member): Promise<void> {
    if (member.signIn.expired()) return;
    this.#inFlight += 1;
    try {
      // A newer token is the way out of every doubt.
      if (command.cmd !== 'refresh') member.mustHold();
      const answer = await execute(this.#parts, member, this, command);
      // What was read meanwhile is not for whoever is in doubt by now; what was done is done.
      if (readingCommands.has(command.cmd)) member.mustHold();
      if ('raw' in answer) return this.#replyRaw(command.req, answer.raw);
      this.#reply(command.req, answer.reply);
      if (!this.#isClosed()) answer.after?.();
    } catch (error) {
      const refusal = refusalOf(error);
      // Of the codes that close, a command that is let in can be answered `unauthorized` alone: by `refresh`.
      if (refusal.code === 'unauthorized') return this.close(refusal.code, refusal.text);
      this.#reply(command.req, { error: problem(refusal) });
    } finally {
      this.#inFlight -= 1;
      if (command.cmd === 'send') this.#parts.sessions.tidy(member.who.user, member.sessionId);
    }
  }

  /** Hands over what there is while the link has room. What it writes it has taken in the same turn: nothing is between. */
  #pump(): void {
    const member = this.#member;
    if (this.#pumping || !member) return;
    this.#pumping = true;
    try {
      while (this.#state === 'open' && !this.#vitals.dead && member.signIn.holds()) {
        const room = this.#transport.room();
        if (room <= 0) {
          if (member.feed.waiting) this.#parts.env.count('behind_full');
          break;
        }
        const frames = member.feed.take(room);
        if (frames.length === 0) break;
        for (const frame of frames) this.#transport.write(frame);
      }
      member.inbox?.pump();
    } finally {
      this.#pumping = false;
    }
  }

  #alive(): void {
    if (!this.#vitals.revive()) return;
    if (this.#member) this.#member.attendance.alive = true;
    this.#pump();
  }

  /** Behind an await; this keeps the compiler from knowing better. */
  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  #push(push: Push): void {
    if (this.#state !== 'closed') this.#transport.write(new Frame(JSON.stringify(push)));
  }

  /** A reply whose members are JSON text already. */
  #replyRaw(req: number, members: string): void {
    if (this.#state !== 'closed') this.#transport.write(new Frame(`{"res":${req},${members}}`));
  }

  #reply(req: number, result: object): void {
    if (this.#state !== 'closed') this.#transport.write(new Frame(JSON.stringify({ res: req, ...result })));
  }
}
