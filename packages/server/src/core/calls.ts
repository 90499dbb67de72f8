import { Refusal } from '@hubbub/protocol/codes';
import type { FactsCommand, HistoryCommand, SendCommand, SendReply } from '@hubbub/protocol/frames';
import type { CommandParts } from './commands/context.ts';
import { facts } from './commands/facts.ts';
import { history } from './commands/history.ts';
import { send } from './commands/send.ts';
import { within } from './deadline.ts';
import type { Identified, Identity, Who } from './identity.ts';
import type { Reading } from './reading.ts';
import { authorityPatience } from './rights.ts';
import { Session } from './session.ts';

type Given<Command> = Omit<Command, 'req' | 'cmd'>;

export interface CallsParts extends CommandParts {
  readonly identity: Identity;
  readonly reading: Reading;
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
    const who = await this.who(token);
    const { reply } = await send(this.#parts, { who, session: new Session() }, command);
    return reply;
  }

  /** The reply as JSON text. */
  async history(token: string, command: Given<HistoryCommand>): Promise<string> {
    const { raw } = await history(this.#parts, { who: await this.who(token) }, command);
    return `{${raw}}`;
  }

  /** The reply as JSON text. */
  async facts(token: string, command: Given<FactsCommand>): Promise<string> {
    const { raw } = await facts(this.#parts, { who: await this.who(token) }, command);
    return `{${raw}}`;
  }

  async #identify(credentials: Parameters<Identity['identify']>[0]): Promise<Identified> {
    const { env, identity } = this.#parts;
    if (this.#ended) throw new Refusal('closing', 'the server is closing');
    const answer = await within(env, authorityPatience, identity.identify(credentials)).catch(() => undefined);
    if (!answer) throw new Refusal('unavailable', 'who you are cannot be told at the moment', 500);
    if ('refused' in answer) throw new Refusal(answer.refused, answer.text);
    const { expires } = answer.who;
    if (expires !== undefined && env.now() >= expires) throw new Refusal('unauthorized', 'your sign-in has ended');
    return answer;
  }
}
