/**
 * What people's own channels are for: `user:NAME` is its owner's to read, and there his tokens are revoked; in `sys:people` somebody becomes
 * the owner of the server.
 */
import { claimKey, ownerKey, peopleChannel, reservedUsers, revokedKey } from '@hubbub/protocol/people';
import type { Proposal, Verdict, Who } from '../core/authority.ts';
import type { Store } from '../store/store.ts';
import { nothingThere } from './rooms.ts';

/** `revoke` makes every token of a user void that was made by now, on every node within a second. By the user himself, or an administrator. */
export async function admitToUser(
  store: Pick<Store, 'facts'>,
  { user, rights }: Who,
  owner: string,
  { kind }: Proposal,
  calendar: () => number,
): Promise<Verdict> {
  if (kind !== 'revoke' || (user !== owner && !rights.includes('admin'))) return nothingThere;
  const { facts } = await store.facts({ pairs: [{ channel: `user:${owner}`, key: revokedKey }] }, 1);
  const before = facts[0]?.value ?? null;
  // Another node's calendar may be ahead of ours: what it has made void stays so.
  const at = Math.max(calendar(), before === null ? 0 : (JSON.parse(before) as { at: number }).at);
  return {
    ok: true,
    counts: false,
    facts: [{ key: revokedKey, value: JSON.stringify({ at }) }],
    requires: [{ key: revokedKey, value: before }],
    concerns: [owner],
  };
}

/** `claim {code}` makes whoever shows the code that the server has printed its owner, once. */
export async function admitToPeople(
  store: Pick<Store, 'facts'>,
  { user }: Who,
  { kind, body }: Proposal,
  digest: (text: string) => string,
): Promise<Verdict> {
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
  // A token that several programs show is nobody's.
  if (kind !== 'claim' || typeof code !== 'string' || reservedUsers.has(user)) return nothingThere;
  const { facts } = await store.facts({ pairs: [{ channel: peopleChannel, key: claimKey }] }, 1);
  const expected = facts[0]?.value ?? null;
  if (expected === null || expected !== JSON.stringify(digest(code))) return nothingThere;
  return {
    ok: true,
    counts: false,
    facts: [
      { key: claimKey, value: null },
      { key: ownerKey(user), value: 'true' },
    ],
    requires: [{ key: claimKey, value: expected }],
  };
}
