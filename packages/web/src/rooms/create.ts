import { type Client, HubbubError } from '@hubbub/client';
import { platformEnv } from '@hubbub/client/platform/env';
import { uuidv7 } from '@hubbub/protocol/id';

/** What we have made and the inbox has not told us of yet: whoever makes a channel is in it. */
export const justMade = new Set<string>();

/** Makes a room or a board; resolves once it is there, whoever has made it. Rejects with a `HubbubError` where it may not be. */
export async function create(client: Client, channel: string): Promise<void> {
  const id = uuidv7(platformEnv());
  try {
    await client.send(channel, { id, kind: 'create', body: null });
    justMade.add(channel);
  } catch (error) {
    client.discard(id);
    // Somebody was faster, or it was there and we did not know; else this is refused, too.
    if (!(error instanceof HubbubError) || error.code !== 'forbidden') throw error;
    await client.history(channel, { limit: 1 });
  }
}
