import { Refusal } from '@hubbub/protocol/codes';
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
  const { page, readable } = await reading.select(reader, async (store) => {
    const { epoch, facts, next } = await store.facts({ with: key }, limit, from);
    // The query is for keys that begin so, and one name may begin another.
    const named = [...new Set(facts.flatMap((fact) => (fact.key === key && fact.value !== null ? fact.channel : [])))];
    const standings = await store.heads(named);
    if (standings.epoch !== epoch) throw new Refusal('unavailable', 'the history has just become another one', 100);
    return { ...standings, channels: named, next };
  });
  const found: ChannelsReply['channels'] = [];
  page.channels.forEach((channel, at) => {
    const { head = 0, n = 0 } = page.heads[at] ?? {};
    if (readable.has(channel)) found.push({ channel, head, n });
  });
  return { reply: { epoch: page.epoch, channels: found, ...(page.next !== undefined && { next: page.next }) } };
}
