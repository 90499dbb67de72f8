import type { Record, Taken } from './record.ts';
import { readToken } from './tokens.ts';

/** I7: nothing was written over a link, nor taken from it, whose token had ended, or had been void for a second. */
export function checkSignIns(record: Record): void {
  const tokens = new Tokens(record);
  const until = record.rightsUntil;
  for (const { token, channel, offset, at } of record.written) {
    if (at > until) break;
    const over = tokens.over(token, at);
    if (over) record.violate('I7', `${over.user} was given ${offset} of ${channel} ${over.why}`);
  }
  for (const { token, offset, at } of record.pagesWritten) {
    if (at > until) break;
    const over = tokens.over(token, at);
    if (over) record.violate('I7', `${over.user} was given a page from ${offset} on ${over.why}`);
  }
  checkAccepted(record, tokens);
}

/** Of the times that an event was sent until it was committed, one must have been over a link that was let in. */
function checkAccepted(record: Record, tokens: Tokens): void {
  const taken = Map.groupBy(record.taken, ({ user, channel, id }) => `${channel} ${user} ${id}`);
  for (const { channel, from, id, at } of record.commits) {
    if (at > record.rightsUntil) break;
    const tries: readonly Taken[] = (taken.get(`${channel} ${from} ${id}`) ?? []).filter((one) => one.at <= at);
    const over = tries.map((one) => tokens.over(one.token, one.at));
    const [first] = over;
    if (first && over.every((one) => one !== undefined)) record.violate('I7', `${id} of ${from} was taken ${first.why}`);
  }
}

/** What became of tokens, from the log itself. */
class Tokens {
  readonly #revocations = new Map<string, { readonly of: number; readonly at: number }[]>();
  readonly #read = new Map<string, ReturnType<typeof readToken>>();

  readonly #second: number;

  constructor({ commits, second }: Record) {
    this.#second = second;
    for (const { channel, kind, body, at } of commits) {
      if (kind !== 'revoke') continue;
      const user = channel.slice('user:'.length);
      this.#revocations.set(user, [...(this.#revocations.get(user) ?? []), { of: (JSON.parse(body) as { at: number }).at, at }]);
    }
  }

  /** Why nothing was to go over a link of this token at that time, if so. */
  over(text: string | undefined, at: number): { readonly user: string; readonly why: string } | undefined {
    if (text === undefined) return undefined;
    if (!this.#read.has(text)) this.#read.set(text, readToken(text));
    const token = this.#read.get(text);
    if (!token) return undefined;
    const { user, issuedAt, expiresAt } = token;
    // A slow clock takes longer for the whole of it.
    const until = expiresAt === undefined ? Number.POSITIVE_INFINITY : issuedAt + ((expiresAt - issuedAt) * this.#second) / 1_000;
    if (expiresAt !== undefined && at > until) return { user, why: `${Math.round(at - expiresAt)} ms after his token had ended` };
    const voided = this.#revocations.get(user)?.find((one) => issuedAt <= one.of && at > one.at + this.#second);
    return voided && { user, why: `with a token that was revoked ${Math.round(at - voided.at)} ms before` };
  }
}
