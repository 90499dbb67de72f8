import { channelPrefix } from '@hubbub/protocol/names';
import { peopleChannel } from '@hubbub/protocol/people';
import type { Authority, Question, Who } from '../core/authority.ts';
import type { Store } from '../store/store.ts';
import { admitToPeople, admitToUser } from './people.ts';
import { admit, counted, mayRead, nothingThere, roomKeys } from './rooms.ts';

export interface ChatParts {
  readonly store: Pick<Store, 'facts'>;
  /** The calendar, in milliseconds. */
  readonly calendar: () => number;
  /** One way, the same on every node: what a code is compared by. */
  readonly digest: (text: string) => string;
}

/**
 * The first authority of the chat: public rooms and boards, what a token grants besides, and people's own channels. All else there is
 * not, for anybody.
 */
export function chatAuthority({ store, calendar, digest }: ChatParts): Authority {
  return {
    listed: roomKeys.listed,
    mine: ({ user }) => roomKeys.member(user),
    mayRead: async (questions) => {
      const asked = questions.filter((question) => isRoom(question.channel) && !readsAnyhow(question)).map(({ channel }) => channel);
      const rooms = asked.length === 0 ? [] : await mayRead(store, asked);
      const verdicts = new Map(asked.map((channel, at) => [channel, rooms[at]]));
      return questions.map((question) => (readsAnyhow(question) ? 'ok' : (verdicts.get(question.channel) ?? 'forbidden')));
    },
    admit: async (who, channel, proposal) => {
      if (proposal.as && !maySpeakAs(who, proposal.as)) {
        return { ok: false, code: 'forbidden', text: 'only an import says from whom and when' };
      }
      if (channel === peopleChannel) return admitToPeople(store, who, proposal, digest);
      if (channelPrefix(channel) === 'user') return admitToUser(store, who, channel.slice('user:'.length), proposal, calendar);
      const granted = isGranted(who, channel, 'send');
      if (isRoom(channel)) return admit(store, { ...who, user: proposal.as?.from ?? who.user, granted }, channel, proposal);
      return granted ? { ok: true, counts: counted.has(proposal.kind) } : nothingThere;
    },
  };
}

function isRoom(channel: string): boolean {
  const prefix = channelPrefix(channel);
  return prefix === 'room' || prefix === 'board';
}

/** Without a look at what there is: one's own channel, and what the token grants. */
function readsAnyhow({ who, channel }: Question): boolean {
  return channel === `user:${who.user}` || isGranted(who, channel, 'read');
}

/** What the token says. The server's own channels and people's are nobody's to grant. */
function isGranted({ grants = [] }: Who, channel: string, wish: 'read' | 'send'): boolean {
  const prefix = channelPrefix(channel);
  if (prefix === 'sys' || prefix === 'user') return false;
  return grants.some((grant) => grant.may.includes(wish) && names(grant.channel, channel));
}

function names(pattern: string, channel: string): boolean {
  return pattern.endsWith('*') ? channel.startsWith(pattern.slice(0, -1)) : pattern === channel;
}

function maySpeakAs({ rights }: Who, { ts }: { readonly ts?: number }): boolean {
  return rights.includes('import') || (rights.includes('as') && ts === undefined);
}
