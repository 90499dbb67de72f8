import { Attendance, type AttendanceLink } from './attendance.ts';
import { Feed, type FeedLink, type FeedParts } from './feed.ts';
import type { Identified, Who } from './identity.ts';
import type { Inbox } from './inbox.ts';
import type { Inboxes } from './inboxes.ts';
import type { Passing } from './passing.ts';
import type { Session, Sessions } from './session.ts';
import { SignIn, type SignInParts, type SignInSinks } from './sign-in.ts';
import type { TransportTraits } from './transport.ts';

export interface MemberParts extends FeedParts {
  readonly identifying: SignInParts['identifying'];
  readonly sessions: Sessions;
  readonly passing: Passing;
  readonly inboxes: Inboxes;
}

/** Somebody who has signed in over a link, and what he has there. */
export interface Member {
  readonly who: Who;
  readonly signIn: SignIn;
  /** See `SignIn.mustHold`. */
  mustHold(): void;
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
  identified: Identified,
  sessionId: string,
  link: FeedLink & AttendanceLink & SignInSinks,
  traits: TransportTraits,
): Member {
  const { who } = identified;
  const session = parts.sessions.join(who.user, sessionId);
  const attendance = new Attendance(parts.passing, { user: who.user, session: sessionId }, traits, link);
  // Who he is may be found out anew, and counts from then on.
  const signIn = new SignIn(parts, identified, link);
  const feed = new Feed(parts, () => signIn.who, link, attendance);
  return {
    get who() {
      return signIn.who;
    },
    mustHold: () => signIn.mustHold(),
    ...{ signIn, sessionId, session, feed, attendance },
    inbox: undefined,
  };
}

/** His link is gone: nothing of his is left on the node, but for a send that is unanswered. */
export function leave({ sessions, inboxes }: MemberParts, { who, signIn, sessionId, feed, inbox }: Member): void {
  signIn.end();
  feed.closeAll();
  if (inbox) inboxes.close(inbox);
  sessions.leave(who.user, sessionId);
}
