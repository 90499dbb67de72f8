import type { ChannelsCommand, ChannelsReply } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import type { Authority } from '../authority.ts';
import type { Reader, Reading } from '../reading.ts';
import type { Answer } from './context.ts';

/**
 * Channels that are the caller's own, or that are told to everybody, and where each stands: a page of them, in the order of the store. It may
 * be empty and not the last. Throws Refusal: `unavailable`, `busy`.
 */
export async function channels(
  { reading, authority }: { readonly reading: Reading; readonly authority: Authority },
  reader: Reader,
  { of, next: from, limit = limits.channelsPerCommand }: Omit<ChannelsCommand, 'req' | 'cmd'>,
): Promise<Answer<'channels'>> {
  const key = of === 'mine' ? authority.mine(reader.who) : authority.listed;
  const { epoch, facts, next } = await reading.page(reader, (store) => store.facts({ with: key }, limit, from));
  // The query is for keys that begin so, and one name may begin another.
  const named = [...new Set(facts.flatMap((fact) => (fact.key === key && fact.value !== null ? fact.channel : [])))];
  const readable = await reading.readable(reader, named);
  const { heads } = await reading.page(reader, (store) => store.heads(readable));
  const found: ChannelsReply['channels'] = readable.map((channel, at) => ({ channel, head: heads[at]?.head ?? 0, n: heads[at]?.n ?? 0 }));
  return { reply: { epoch, channels: found, ...(next !== undefined && { next }) } };
}
