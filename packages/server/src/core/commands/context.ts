import type { Env } from '@hubbub/protocol/env';
import type { Replies } from '@hubbub/protocol/frames';
import type { Powers } from '../../store/store.ts';
import type { Appender } from '../appender.ts';
import type { Attendance } from '../attendance.ts';
import type { Authority } from '../authority.ts';
import type { Feed } from '../feed.ts';
import type { History } from '../history.ts';
import type { Who } from '../identity.ts';
import type { Inbox } from '../inbox.ts';
import type { Mechanism } from '../mechanisms.ts';
import type { Passing } from '../passing.ts';
import type { Session } from '../session.ts';
import type { SignIn } from '../sign-in.ts';
import type { Works } from '../works.ts';

/** What commands of every transport work with. */
export interface CommandParts {
  readonly env: Env<Mechanism>;
  readonly authority: Authority;
  readonly appender: Appender;
  readonly history: History;
  /** Whether the node holds: it cannot see the log at the moment, so it reads and takes nothing. */
  held(): boolean;
}

/** What the administrator's commands work with. */
export interface AdminParts {
  readonly works: Works;
  readonly history: History;
  readonly powers: Powers;
  held(): boolean;
}

/** What commands about what passes work with. */
export interface PassingCommandParts {
  readonly env: Env<Mechanism>;
  readonly passing: Passing;
  held(): boolean;
}

/** Who gives the command, and where its answer's events go. */
export interface Caller {
  readonly who: Who;
  readonly signIn: SignIn;
  /** Throws Refusal: `unavailable`, while it cannot be told whether he is still let in. */
  mustHold(): void;
  readonly session: Session;
  readonly feed: Feed;
  readonly attendance: Attendance;
  /** Once it has been asked for. */
  inbox: Inbox | undefined;
}

/** A reply whose members are JSON text already: what is in the log is not parsed again. */
export interface Raw {
  readonly raw: string;
}

/** A command's answer; `after` runs when the reply has been written. */
export interface Answer<Name extends keyof Replies> {
  readonly reply: Replies[Name];
  readonly after?: () => void;
}
