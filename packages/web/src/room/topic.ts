import { type Client, HubbubError } from '@hubbub/client';
import { platformEnv } from '@hubbub/client/platform/env';
import { uuidv7 } from '@hubbub/protocol/id';
import { useEffect, useState } from 'react';
import { tell } from '../notice.tsx';

/**
 * What a room is about; empty where nobody has said. It is a fact of the channel. `changed` is the offset of the newest event that has
 * changed it, as far as the page holds one: with another one, or another `generation`, it is asked for anew.
 */
export function useTopic(client: Client, channel: string, generation: number, changed: number | undefined): string {
  const [topic, setTopic] = useState('');
  // biome-ignore lint/correctness/useExhaustiveDependencies: what makes the topic another one is no part of the question
  useEffect(() => {
    if (generation === 0) return;
    const abort = new AbortController();
    client.facts(channel, { prefix: 'topic', signal: abort.signal }).then(
      (facts) => {
        const value = facts.find(({ key }) => key === 'topic')?.value;
        if (!abort.signal.aborted) setTopic(typeof value === 'string' ? value : '');
      },
      () => {
        // It may not be read any more: the room says so.
      },
    );
    return () => abort.abort();
  }, [client, channel, generation, changed]);
  return topic;
}

/** Says what a channel is about; an empty text takes the topic away. */
export function setTopic(client: Client, channel: string, text: string): void {
  const id = uuidv7(platformEnv());
  client.send(channel, { id, kind: 'topic', body: { text } }).catch((error: unknown) => {
    if (!(error instanceof HubbubError) || error.code === 'closed') return;
    client.discard(id);
    tell(`The topic was not set: ${error.message}.`);
  });
}
