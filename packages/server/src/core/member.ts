import { Attendance, type AttendanceLink } from './attendance.ts';
import type { Welcome } from './commands/hello.ts';
import { Feed, type FeedLink, type FeedParts } from './feed.ts';
import type { Who } from './identity.ts';
import type { Inbox } from './inbox.ts';
import type { Inboxes } from './inboxes.ts';
import type { Passing } from './passing.ts';
import type { Session, Sessions } from './session.ts';
import type { TransportTraits } from './transport.ts';

export interface MemberParts extends FeedParts {
  readonly sessions: Sessions;
  readonly passing: Passing;
  readonly inboxes: Inboxes;
}

/** Somebody who has signed in over a link, and what he has there. */
export interface Member {
  who: Who;
  /** What shows who it is, should that have to be asked again. */
  readonly token: string | undefined;
  readonly sessionId: string;
  readonly session: Session;
  readonly feed: Feed;
  readonly attendance: Attendance;
  /** Once it has been asked for. */
  inbox: Inbox | undefined;
}

/** Whoever has been made welcome comes in. */
export function enter(
  parts: MemberParts,
  { who, token }: Pick<Welcome, 'who' | 'token'>,
  sessionId: string,
  link: FeedLink & AttendanceLink,
  traits: TransportTraits,
): Member {
  const session = parts.sessions.join(who.user, sessionId);
  const attendance = new Attendance(parts.passing, { user: who.user, session: sessionId }, traits, link);
  // Who he is may be found out anew, and counts from then on.
  const feed: Feed = new Feed(parts, () => member.who, link, attendance);
  const member: Member = { who, token, sessionId, session, feed, attendance, inbox: undefined };
  return member;
}

/** His link is gone: nothing of his is left on the node, but for a send that is unanswered. */
export function leave({ sessions, inboxes }: MemberParts, { who, sessionId, feed, inbox }: Member): void {
  feed.closeAll();
  if (inbox) inboxes.close(inbox);
  sessions.leave(who.user, sessionId);
}
