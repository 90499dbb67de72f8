import { Refusal } from '@hubbub/protocol/codes';
import type {
  ChannelsCommand,
  ChannelsReply,
  FactsCommand,
  HistoryCommand,
  PresenceReply,
  SendCommand,
  SendReply,
} from '@hubbub/protocol/frames';
import { isChannel, isUser } from '@hubbub/protocol/names';
import { channels } from './commands/channels.ts';
import type { CommandParts } from './commands/context.ts';
import { facts } from './commands/facts.ts';
import { history } from './commands/history.ts';
import { listed } from './commands/presence.ts';
import { heldFor, send } from './commands/send.ts';
import type { Identifying } from './identifying.ts';
import type { Credentials, Identified, Who } from './identity.ts';
import type { Passing } from './passing.ts';
import type { Reading } from './reading.ts';
import { Session } from './session.ts';

type Given<Command> = Omit<Command, 'req' | 'cmd'>;

export interface CallsParts extends CommandParts {
  readonly identifying: Identifying;
  readonly reading: Reading;
  readonly passing: Passing;
}

/** An answer about a token that is older than this, in milliseconds, says nothing any more. */
const answerLasts = 500;

interface Visitor {
  readonly who: Who;
  /** Throws Refusal: `unauthorized`, `unavailable`. */
  mustHold(): Promise<void>;
}

/**
 * Commands of programs that have no link: each shows a token, and is answered by itself. They are the commands of a link, asked and
 * refused by the same authority. All throw Refusal: `unauthorized`, `unavailable`, and what the command throws.
 */
export class Calls {
  readonly #parts: CallsParts;
  #ended = false;

  constructor(parts: CallsParts) {
    this.#parts = parts;
  }

  /** No more are taken. */
  end(): void {
    this.#ended = true;
  }

  /** A guest comes in. */
  async signIn(name: string): Promise<{ readonly user: string; readonly token: string }> {
    const { who, token } = await this.#identify({ name });
    if (token === undefined) throw new Refusal('unauthorized', 'guests are not let in here');
    return { user: who.user, token };
  }

  async who(token: string): Promise<Who> {
    return (await this.#identify({ token })).who;
  }

  async send(token: string, command: Given<SendCommand>): Promise<SendReply> {
    const visitor = await this.#enter(token);
    const { reply } = await send(this.#parts, { ...visitor, session: new Session() }, command);
    return reply;
  }

  /** The reply as JSON text. */
  async history(token: string, command: Given<HistoryCommand>): Promise<string> {
    const visitor = await this.#enter(token);
    const { raw } = await history(this.#parts, visitor, command);
    await visitor.mustHold();
    return `{${raw}}`;
  }

  /** The reply as JSON text. */
  async facts(token: string, command: Given<FactsCommand>): Promise<string> {
    const visitor = await this.#enter(token);
    const { raw } = await facts(this.#parts, visitor, command);
    await visitor.mustHold();
    return `{${raw}}`;
  }

  async channels(token: string, command: Given<ChannelsCommand>): Promise<ChannelsReply> {
    const visitor = await this.#enter(token);
    const { reply } = await channels(this.#parts, visitor, command);
    await visitor.mustHold();
    return reply;
  }

  /** Who is there, as far as this node has heard: it hears of channels that it has readers of. Nobody is told of changes. */
  async presence(token: string, channel: string, after: string | undefined): Promise<PresenceReply> {
    const { passing, reading, held } = this.#parts;
    const visitor = await this.#enter(token);
    if (!isChannel(channel)) throw new Refusal('bad_channel', 'this is no name of a channel');
    if (after !== undefined && !isUser(after)) throw new Refusal('bad_name', 'this is no name of a user');
    if (!passing.presence) throw new Refusal('not_supported', 'this server does not tell who is there');
    if (!(await reading.mayRead(visitor, channel))) throw new Refusal('forbidden', 'there is no such channel, or it is not yours to read');
    await visitor.mustHold();
    if (held()) throw new Refusal('unavailable', 'the log cannot be seen at the moment', heldFor);
    return listed(passing.presence.list(channel, after), false);
  }

  /** Somebody comes in for one command: his token is asked about again where that takes long. */
  async #enter(token: string): Promise<Visitor> {
    const { env } = this.#parts;
    let askedAt = env.now();
    const who = await this.who(token);
    const mustHold = async (): Promise<void> => {
      if (env.now() - askedAt <= answerLasts) return;
      askedAt = env.now();
      await this.who(token);
    };
    return { who, mustHold };
  }

  async #identify(credentials: Credentials): Promise<Identified> {
    if (this.#ended) throw new Refusal('closing', 'the server is closing');
    return this.#parts.identifying.identify(credentials);
  }
}
