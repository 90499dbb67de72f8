import type { Presence, Status } from '@hubbub/client';
import { X } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { alphabetical } from '../alphabet.ts';
import { countOf } from '../header.tsx';
import { nameOf } from '../people.ts';
import { Avatar } from '../timeline/avatar.tsx';
import type { PeopleView } from './use-people.ts';

type PeopleProps = PeopleView['list'] & {
  readonly presence: Presence | undefined;
  readonly status: Status;
  readonly user: string | undefined;
};

/** Who is here, as far as it can be trusted: drawn hollow where it cannot. A room renders with every line that is said, this does not. */
export const People = memo(function People({ as, open, id, presence, status, user }: PeopleProps): ReactNode {
  if (!open) return null;
  const doubt = doubtOf(presence, status);
  const shared = { className: 'people', 'data-as': as, 'data-hollow': doubt !== undefined, title: doubt } as const;
  const content = (
    <>
      {as === 'sheet' && (
        <button type="button" className="icon close" popoverTarget={id} popoverTargetAction="hide" aria-label="Close">
          <X size={18} aria-hidden="true" />
        </button>
      )}
      <h2>Here now {presence && <span className="count">{countOf(presence).toLocaleString()}</span>}</h2>
      {presence && !presence.complete && <p className="crowd">Some of the many who are here:</p>}
      <ul>
        {presence &&
          alphabetical([...presence.users.keys()].sort(), nameOf).map((one) => (
            <li key={one} title={doubt}>
              <Avatar user={one} />
              <span className="name">{nameOf(one)}</span>
              {one === user && <span className="tag">you</span>}
            </li>
          ))}
      </ul>
    </>
  );
  return as === 'column' ? (
    <aside {...shared} aria-label="People">
      {content}
    </aside>
  ) : (
    <aside {...shared} aria-label="People" id={id} popover="auto">
      {content}
    </aside>
  );
});

/** Why what is shown may not be so any more; undefined: it is so. */
function doubtOf(presence: Presence | undefined, status: Status): string | undefined {
  switch (status.state) {
    case 'live':
      return presence?.state === 'known' ? undefined : 'The server is being asked who is here';
    case 'catching-up':
      return 'Just linked again: the server is being asked who is here';
    case 'stale':
      return 'The server cannot see its log at the moment: this is who was here before';
    case 'connecting':
      return 'Not linked yet';
    case 'reconnecting':
    case 'refused':
    case 'closed':
      return 'The link is lost: this is who was here before';
  }
}
