import { revokedKey } from '@hubbub/protocol/people';
import type { Authority, Verdict } from '@hubbub/server/core/authority';
import type { Who } from '@hubbub/server/core/identity';
import type { Fact, Requirement, Store } from '@hubbub/server/store/store';

/** What the fact of a member says. */
export const inside = '"in"';

/** A send's body here: `of` names a user or an offset. */
interface Body {
  readonly of?: string | number;
  readonly at?: number;
}

function momentOf({ at = 0 }: Body): number {
  return at;
}

/**
 * The simulation's authority, over facts alone: one reads and says in a channel whose member one is. Kinds: say, join, leave, kick,
 * mention, edit, delete, claim (what one alone can have) and release; and in `user:NAME`, ban, pardon and revoke. What it read to say yes, it requires.
 */
export function simulatedAuthority(store: Store): Authority {
  const values = async (pairs: readonly (readonly [channel: string, key: string])[]): Promise<(string | null)[]> => {
    const { facts } = await store.facts({ pairs: pairs.map(([channel, key]) => ({ channel, key })) }, 1_000);
    const found = new Map(facts.map((fact: Fact) => [`${fact.channel} ${fact.key}`, fact.value]));
    return pairs.map(([channel, key]) => found.get(`${channel} ${key}`) ?? null);
  };

  const admit = async (who: Who, channel: string, kind: string, body: Body): Promise<Verdict> => {
    const no: Verdict = { ok: false, code: 'forbidden', text: 'not here' };
    const me = `member:${who.user}`;
    if (channel.startsWith('user:')) {
      const owner = channel.slice('user:'.length);
      if (kind === 'revoke') {
        // One that was long under way takes nothing back that a later one has said.
        const [was = null] = await values([[channel, revokedKey]]);
        const value = was !== null && momentOf(JSON.parse(was)) > momentOf(body) ? was : JSON.stringify(body);
        return {
          ok: true,
          counts: false,
          concerns: [owner],
          requires: [{ key: revokedKey, value: was }],
          facts: [{ key: revokedKey, value }],
        };
      }
      if (kind !== 'ban' && kind !== 'pardon') return no;
      return { ok: true, counts: false, concerns: [owner], facts: [{ key: 'banned', value: kind === 'ban' ? 'true' : null }] };
    }
    const [member, banned] = await values([
      [channel, me],
      [`user:${who.user}`, 'banned'],
    ]);
    const requires: Requirement[] = [{ key: me, value: member ?? null }];
    if (banned) return no;
    if (kind === 'join') {
      if (member) return { ok: false, code: 'forbidden', text: 'a member already' };
      return { ok: true, counts: false, requires, facts: [{ key: me, value: inside }], concerns: [who.user] };
    }
    if (!member) return no;
    switch (kind) {
      case 'say':
        return { ok: true, counts: true, requires };
      case 'leave':
        return { ok: true, counts: false, requires, facts: [{ key: me, value: null }], concerns: [who.user] };
      case 'kick':
        return { ok: true, counts: false, requires, facts: [{ key: `member:${body.of}`, value: null }], concerns: [String(body.of)] };
      case 'mention':
        return { ok: true, counts: true, requires, concerns: [String(body.of)] };
      case 'edit':
        return { ok: true, counts: false, requires, facts: [{ key: `edit:${body.of}`, value: '"edited"', about: Number(body.of) }] };
      case 'delete':
        return { ok: true, counts: false, requires, empties: [Number(body.of)] };
      case 'claim':
      case 'release': {
        const [holder] = await values([[channel, 'claim']]);
        const mine = JSON.stringify(who.user);
        if (holder !== (kind === 'claim' ? null : mine)) return no;
        const was = { key: 'claim', value: holder };
        return { ok: true, counts: false, requires: [...requires, was], facts: [{ key: 'claim', value: kind === 'claim' ? mine : null }] };
      }
      default:
        return no;
    }
  };

  return {
    mayRead: async (questions) => {
      const pairs = questions.flatMap(({ who, channel }) => [
        [channel, `member:${who.user}`] as const,
        [`user:${who.user}`, 'banned'] as const,
      ]);
      const found = await values(pairs);
      return questions.map((_, at) => (found[2 * at] === inside && !found[2 * at + 1] ? 'ok' : 'forbidden'));
    },
    listed: 'public',
    mine: (who) => `member:${who.user}`,
    admit: (who, channel, { kind, body }) => admit(who, channel, kind, (typeof body === 'object' ? body : {}) as Body),
  };
}
