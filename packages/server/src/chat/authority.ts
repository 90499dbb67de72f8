import { channelPrefix } from '@hubbub/protocol/names';
import type { Authority } from '../core/authority.ts';

/** Kinds that people say something with. All others are about the conversation, not part of it: unread badges do not count them. */
const counted = new Set(['message', 'action']);

/** The first authority: whoever is signed in reads and sends in every `room:`. All else there is not, for anybody. */
export function openRooms(): Authority {
  const isRoom = (channel: string): boolean => channelPrefix(channel) === 'room';
  return {
    mayRead: async (questions) => questions.map(({ channel }) => (isRoom(channel) ? 'ok' : 'forbidden')),
    mine: ({ user }) => `member:${user}`,
    admit: async (who, channel, { kind, as }) => {
      if (!isRoom(channel)) return { ok: false, code: 'forbidden', text: 'there is no such channel, or it is not yours to send to' };
      if (as && !who.rights.includes('import')) return { ok: false, code: 'forbidden', text: 'only an import says from whom and when' };
      return { ok: true, counts: counted.has(kind) };
    },
  };
}
