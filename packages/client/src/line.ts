import { codeOfClose, isPassing, type Problem } from '@hubbub/protocol/codes';
import type { Env } from '@hubbub/protocol/env';
import type { CommandName, CommandPush, HelloCommand, HelloReply, Push, Replies } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { HubbubError } from './error.ts';
import type { Dial, Link } from './link.ts';

/** One try of a command. The server answers within 10 s; what is late by more is not coming. */
const patience = 15_000;
/** The server is heard every ten seconds: after two silent beats the link is given up. */
const silence = 2 * limits.heartbeatMs;

export interface LineParts {
  readonly env: Env;
  readonly url: string;
  readonly dial: Dial;
  /** What hello says besides its number. */
  hello(): Omit<HelloCommand, 'req' | 'cmd'>;
}

/** What becomes of a line. None is called after `close`, and none but the last two once one of these was. */
export interface LineSinks {
  onOpened(): void;
  /** hello was accepted: commands can be sent from here on. */
  onWelcome(reply: HelloReply): void;
  onPush(push: Exclude<Push, CommandPush>): void;
  /** The server will not have us, with these credentials or this version. */
  onRefused(code: string, text: string): void;
  /** It broke, never came, or was given up; the server may have asked to be left alone for `retryAfter` ms. */
  onLost(retryAfter: number): void;
}

interface Waiting {
  readonly resolve: (reply: never) => void;
  readonly reject: (error: HubbubError) => void;
  readonly told: ((push: CommandPush) => void) | undefined;
  /** Ends its patience. */
  cancel: () => void;
}

/** A command whose turn has not come. */
interface Queued {
  readonly cmd: CommandName;
  readonly members: string;
  readonly waiting: Omit<Waiting, 'cancel'>;
}

/** One link to a server, from its dialling to its end: greets, matches replies to commands, notices silence. */
export class Line {
  readonly #parts: LineParts;
  readonly #sinks: LineSinks;
  readonly #link: Link;
  #welcomed = false;
  #over = false;
  #waiting = new Map<number, Waiting>();
  /** The server takes so many commands at once, and refuses one more for good: it waits here until one of those has its reply. */
  #queue: Queued[] = [];
  #req = 0;
  #heardAt: number;
  #saidAt: number;
  #retryAfter = 0;
  #cancelWatch: () => void = () => {};

  constructor(parts: LineParts, sinks: LineSinks) {
    const { env, url, dial } = parts;
    this.#parts = parts;
    this.#sinks = sinks;
    this.#heardAt = env.now();
    this.#saidAt = env.now();
    const alive = (run: () => void): void => {
      if (!this.#over) run();
    };
    this.#link = dial(url, {
      onOpen: () => alive(() => this.#opened()),
      onFrame: (text) => alive(() => this.#heard(text)),
      onClose: (code, reason) => alive(() => this.#closed(code, reason)),
    });
    this.#watch();
  }

  /**
   * Sends a command; its reply, or a HubbubError: the server's, `link_lost`, or `timeout`. `taken` is called with the reply before the
   * next frame is looked at: a promise's continuation may come after it, for a platform may hand over several frames in one go. `told`
   * gets what a long command tells before its reply; each time the reply may take as long again.
   */
  request<Name extends CommandName>(
    cmd: Name,
    members: string,
    taken?: (reply: Replies[Name]) => void,
    told?: (push: CommandPush) => void,
  ): Promise<Replies[Name]> {
    return new Promise((resolve, reject) => {
      if (!this.#welcomed || this.#over) {
        reject(new HubbubError('link_lost', 'not connected'));
        return;
      }
      const answered = (reply: Replies[Name]): void => {
        taken?.(reply);
        resolve(reply);
      };
      this.#say(cmd, members, { resolve: answered, reject, told });
    });
  }

  /** The server has asked to be left alone for so long after this line. */
  leaveAlone(ms: number): void {
    this.#retryAfter = ms;
  }

  /** Ends it; what waits for a reply will not get one. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelWatch();
    this.#link.close();
    const waiting = [...this.#waiting.values()];
    const queue = this.#queue;
    this.#waiting = new Map();
    this.#queue = [];
    for (const { cancel } of waiting) cancel();
    for (const { reject } of [...waiting, ...queue.map((one) => one.waiting)]) reject(new HubbubError('link_lost', 'the link was lost'));
  }

  #lost(): void {
    this.close();
    this.#sinks.onLost(this.#retryAfter);
  }

  #refused(code: string, text: string): void {
    this.close();
    this.#sinks.onRefused(code, text);
  }

  #opened(): void {
    this.#sinks.onOpened();
    const members = JSON.stringify(this.#parts.hello()).slice(1, -1);
    this.#say('hello', members, {
      told: undefined,
      resolve: (reply: HelloReply) => {
        this.#welcomed = true;
        this.#sinks.onWelcome(reply);
      },
      reject: (error) => {
        if (this.#over) return;
        if (!error.passing) return this.#refused(error.code, error.message);
        this.#retryAfter = Math.max(this.#retryAfter, error.retryAfter ?? 0);
        this.#lost();
      },
    });
  }

  #closed(closeCode: number, reason: string): void {
    const code = codeOfClose(closeCode);
    if (isAboutUs(code)) this.#refused(code, reason);
    else this.#lost();
  }

  #say(cmd: CommandName, members: string, waiting: Omit<Waiting, 'cancel'>): void {
    this.#saidAt = this.#parts.env.now();
    if (this.#waiting.size >= limits.commandsInFlight) return void this.#queue.push({ cmd, members, waiting });
    this.#req += 1;
    const req = this.#req;
    this.#waiting.set(req, { ...waiting, cancel: this.#patience(req) });
    this.#link.send(`{"req":${req},"cmd":"${cmd}"${members === '' ? '' : `,${members}`}}`);
  }

  /** Its waiting is over, and the next one's begins. */
  #settled(req: number): void {
    if (!this.#waiting.delete(req)) return;
    const next = this.#queue.shift();
    if (next) this.#say(next.cmd, next.members, next.waiting);
  }

  #patience(req: number): () => void {
    return this.#parts.env.timer(patience, () => {
      const waiting = this.#waiting.get(req);
      this.#settled(req);
      waiting?.reject(new HubbubError('timeout', `no answer within ${patience} ms`));
    });
  }

  /** It goes on: its reply is still to come. */
  #told(push: CommandPush): void {
    const waiting = this.#waiting.get(push.req);
    if (!waiting) return;
    waiting.cancel();
    waiting.cancel = this.#patience(push.req);
    waiting.told?.(push);
  }

  #heard(text: string): void {
    this.#heardAt = this.#parts.env.now();
    const frame = JSON.parse(text) as Push | { res: number; error?: Problem };
    if ('push' in frame) {
      if (frame.push === 'error') this.#ending(frame.error);
      else if (frame.push === 'progress' || frame.push === 'problem') this.#told(frame);
      else this.#sinks.onPush(frame);
      return;
    }
    const waiting = this.#waiting.get(frame.res);
    if (!waiting) return;
    waiting.cancel();
    this.#settled(frame.res);
    if (frame.error) waiting.reject(HubbubError.of(frame.error));
    else waiting.resolve(frame as never);
  }

  /** The server says why it is about to close. Any final code that is not about us is about one frame, and a new link is worth a try. */
  #ending({ code, text, retryAfter }: { readonly code: string; readonly text: string; readonly retryAfter?: number }): void {
    if (retryAfter !== undefined) this.#retryAfter = retryAfter;
    if (isAboutUs(code) && !isPassing(code)) this.#refused(code, text);
  }

  /** One timer per link: says ping where nothing else was said, and gives the link up where nothing was heard. */
  #watch(): void {
    const { env } = this.#parts;
    const due = Math.min(this.#heardAt + silence, this.#saidAt + limits.heartbeatMs);
    this.#cancelWatch = env.timer(Math.max(1, due - env.now()), () => {
      const now = env.now();
      if (now - this.#heardAt >= silence) return this.#lost();
      if (this.#welcomed && now - this.#saidAt >= limits.heartbeatMs) this.request('ping', '').catch(() => {});
      if (!this.#welcomed) this.#saidAt = now;
      this.#watch();
    });
  }
}

/** Only these two are about who we are, or what we speak. */
function isAboutUs(code: string | undefined): code is 'unauthorized' | 'upgrade_required' {
  return code === 'unauthorized' || code === 'upgrade_required';
}
