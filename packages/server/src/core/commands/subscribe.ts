import { problem, Refusal } from '@hubbub/protocol/codes';
import type { SubscribeCommand, SubscribeTarget } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { isChannel } from '@hubbub/protocol/names';
import { parsePosition } from '@hubbub/protocol/position';
import type { Opened } from '../feed.ts';
import type { Answer, Caller } from './context.ts';

/** Opens subscriptions, all at once; each has its own result. Throws Refusal: `too_many`. */
export async function subscribe(caller: Caller, { to }: Pick<SubscribeCommand, 'to'>): Promise<Answer<'subscribe'>> {
  if (to.length > limits.channelsPerCommand) throw new Refusal('too_many', `a command names at most ${limits.channelsPerCommand} channels`);
  const { subscriptions } = caller.feed;
  const added = new Set(to.map(({ channel }) => channel).filter((channel) => !subscriptions.has(channel)));
  if (subscriptions.size + added.size > limits.subscriptions) {
    throw new Refusal('too_many', `a link has at most ${limits.subscriptions} subscriptions`);
  }
  const opened = await Promise.all(to.map((target) => openOne(caller, target)));
  return {
    reply: { results: opened.map((one) => (one instanceof Refusal ? { error: problem(one) } : one.result)) },
    after: () => {
      for (const one of opened) if (!(one instanceof Refusal)) caller.feed.begin(one);
    },
  };
}

async function openOne({ feed }: Caller, target: SubscribeTarget): Promise<Opened | Refusal> {
  const position = target.position === undefined ? undefined : parsePosition(target.position);
  if (!isChannel(target.channel)) return new Refusal('bad_channel', 'this is no name of a channel');
  if (target.position !== undefined && !position) return new Refusal('bad_position', 'a position is OFFSET~EPOCH, or 0');
  try {
    return await feed.open(target.channel, position, target.maxGap);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
