import type { Commit } from './record.ts';

/** When somebody could read a channel, and up to which offset: the membership history, from the log itself. */
export class RightsHistory {
  /** Per channel and user, in commit order: member or not from here on. */
  readonly #turns = new Map<string, { readonly member: boolean; readonly offset: number; readonly at: number }[]>();
  readonly #bans = new Map<string, { readonly banned: boolean; readonly at: number }[]>();

  constructor(commits: readonly Commit[]) {
    for (const { channel, kind, from, body, offset, at } of commits) {
      if (kind === 'join') this.#turn(channel, from, true, offset, at);
      else if (kind === 'leave') this.#turn(channel, from, false, offset, at);
      else if (kind === 'kick') this.#turn(channel, String((JSON.parse(body) as { of: unknown }).of), false, offset, at);
      else if (kind === 'ban' || kind === 'pardon') {
        const user = channel.slice('user:'.length);
        const bans = this.#bans.get(user) ?? [];
        bans.push({ banned: kind === 'ban', at });
        this.#bans.set(user, bans);
      }
    }
  }

  /** Whether the user may read at the end. */
  entitled(user: string, channel: string): boolean {
    return this.#memberAt(user, channel, Number.POSITIVE_INFINITY) && !this.#bannedAt(user, Number.POSITIVE_INFINITY);
  }

  /** Whether the user had the right at any moment of the span. */
  had(user: string, channel: string, from: number, to: number): boolean {
    const moments = [from];
    for (const { at } of this.#turns.get(`${channel} ${user}`) ?? []) if (at > from && at <= to) moments.push(at);
    for (const { at } of this.#bans.get(user) ?? []) if (at > from && at <= to) moments.push(at);
    return moments.some((at) => this.#memberAt(user, channel, at) && !this.#bannedAt(user, at));
  }

  /** Whether the user was a member at that place of the channel's log. */
  memberAtOffset(user: string, channel: string, offset: number, at: number): boolean {
    const turns = this.#turns.get(`${channel} ${user}`) ?? [];
    return turns.findLast((turn) => turn.offset < offset && turn.at <= at)?.member ?? false;
  }

  /** Whether the user was banned for the whole of the span. */
  bannedThrough(user: string, from: number, to: number): boolean {
    return this.#bannedAt(user, from) && !this.#bans.get(user)?.some(({ banned, at }) => !banned && at > from && at <= to);
  }

  /** Whether nothing changed about the user's right in the span. */
  steady(user: string, channel: string, from: number, to: number): boolean {
    const turns = [...(this.#turns.get(`${channel} ${user}`) ?? []), ...(this.#bans.get(user) ?? [])];
    return !turns.some(({ at }) => at > from && at <= to);
  }

  /** The offset at which the user lost the right before `at` and has not got it back by then. */
  lostAt(user: string, channel: string, at: number): number | undefined {
    const turns = this.#turns.get(`${channel} ${user}`)?.filter((turn) => turn.at <= at) ?? [];
    const last = turns.at(-1);
    if (!last || last.member) return undefined;
    // The first of those in a row that took it.
    let first = last;
    for (let index = turns.length - 1; index >= 0 && !turns[index]?.member; index--) first = turns[index] ?? first;
    return first.offset;
  }

  #memberAt(user: string, channel: string, at: number): boolean {
    return (
      this.#turns
        .get(`${channel} ${user}`)
        ?.filter((turn) => turn.at <= at)
        .at(-1)?.member ?? false
    );
  }

  #bannedAt(user: string, at: number): boolean {
    return (
      this.#bans
        .get(user)
        ?.filter((ban) => ban.at <= at)
        .at(-1)?.banned ?? false
    );
  }

  #turn(channel: string, user: string, member: boolean, offset: number, at: number): void {
    const key = `${channel} ${user}`;
    const turns = this.#turns.get(key) ?? [];
    turns.push({ member, offset, at });
    this.#turns.set(key, turns);
  }
}
