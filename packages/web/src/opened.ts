import type { Client } from '@hubbub/client';
import type { InboxSnapshot } from '@hubbub/client/react/inbox';

/** A channel that is open on the page: what a room and a board are given. */
export interface Opened {
  readonly client: Client;
  readonly inbox: InboxSnapshot;
  readonly channel: string;
  /** Who we are, as far as it is known. */
  readonly user: string | undefined;
  /** The channel has just been made. */
  readonly onMade: () => void;
}
