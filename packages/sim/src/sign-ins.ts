import type { Record } from './record.ts';
import { readToken } from './tokens.ts';

const revocation = 1_000;

/** I7: nothing was written over a link whose token had ended, or had been void for a second. */
export function checkSignIns(record: Record): void {
  const revocations = new Map<string, { readonly of: number; readonly at: number }[]>();
  for (const { channel, kind, body, at } of record.commits) {
    if (kind !== 'revoke') continue;
    const user = channel.slice('user:'.length);
    revocations.set(user, [...(revocations.get(user) ?? []), { of: (JSON.parse(body) as { at: number }).at, at }]);
  }
  for (const { token: text, channel, offset, at } of record.written) {
    const token = text === undefined ? undefined : readToken(text);
    if (!token) continue;
    const { user, issuedAt, expiresAt } = token;
    if (expiresAt !== undefined && at > expiresAt) {
      record.violate('I7', `${user} was given ${offset} of ${channel} ${Math.round(at - expiresAt)} ms after his token had ended`);
    }
    // A fact says one moment: the latest of them counts, and a later one may be of an earlier moment only by a retry.
    const voided = revocations.get(user)?.find((one) => issuedAt <= one.of && at > one.at + revocation);
    if (voided)
      record.violate(
        'I7',
        `${user} was given ${offset} of ${channel} with a token that was revoked ${Math.round(at - voided.at)} ms before`,
      );
  }
}
