import { Refusal } from '@hubbub/protocol/codes';
import type { Command, HelloCommand, Replies } from '@hubbub/protocol/frames';
import type { InboxLink } from '../inbox.ts';
import type { Inboxes } from '../inboxes.ts';
import type { Reading, ReadingLink } from '../reading.ts';
import type { AdminLink } from '../works.ts';
import { backup } from './backup.ts';
import { channels } from './channels.ts';
import { check } from './check.ts';
import type { AdminParts, Answer, Caller, CommandParts, PassingCommandParts, Raw } from './context.ts';
import { epoch } from './epoch.ts';
import { facts } from './facts.ts';
import { history } from './history.ts';
import { inbox } from './inbox.ts';
import { presence } from './presence.ts';
import { refresh } from './refresh.ts';
import { send } from './send.ts';
import { signal } from './signal.ts';
import { subscribe } from './subscribe.ts';
import { trim } from './trim.ts';
import { unsubscribe } from './unsubscribe.ts';

export interface ExecuteParts extends CommandParts, AdminParts, PassingCommandParts {
  readonly inboxes: Inboxes;
  readonly reading: Reading;
}

/** Does what a command of somebody who has signed in asks for. Throws Refusal. */
export async function execute(
  parts: ExecuteParts,
  caller: Caller,
  link: InboxLink & AdminLink & ReadingLink,
  command: Exclude<Command, HelloCommand>,
): Promise<Answer<keyof Replies> | Raw> {
  switch (command.cmd) {
    case 'subscribe':
      return subscribe(caller, command);
    case 'unsubscribe':
      return unsubscribe(caller, command);
    case 'send':
      return send(parts, caller, command);
    case 'history':
      return history(parts, { who: caller.who, link }, command);
    case 'facts':
      return facts(parts, { who: caller.who, link }, command);
    case 'channels':
      return channels(parts, { who: caller.who, link }, command);
    case 'inbox':
      return inbox(parts, caller, link, command);
    case 'signal':
      return signal(parts, caller, command);
    case 'presence':
      return presence(parts, caller, command);
    case 'refresh':
      return refresh(parts.env, caller.signIn, command);
    case 'ping':
      return { reply: {} };
    case 'backup':
      return backup(parts, caller, link, command);
    case 'check':
      return check(parts, caller, link, command);
    case 'trim':
      return trim(parts, caller, link, command);
    case 'epoch':
      return epoch(parts, caller, link, command);
  }
}

/** Commands whose replies tell what is in the log, or who is there. */
export const readingCommands: ReadonlySet<Command['cmd']> = new Set(['subscribe', 'history', 'facts', 'channels', 'presence']);

/** What a command is answered with that threw this; anything but a Refusal is a defect of ours, whose words are nobody's business. */
export function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal('unavailable', 'that went wrong on our side', 1_000);
}
