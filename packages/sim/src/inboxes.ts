import type { MemoryData } from '@hubbub/server/store/memory/data';
import type { Record } from './record.ts';
import { RightsHistory } from './rights.ts';
import type { User } from './user.ts';

/** What an inbox takes: a look, its own pace; and some answers of the store. */
const prompt = 1_500 + 50;

/** I7 and I13 of the inboxes: nothing of what is not his, and what moved soon enough. */
export function checkInboxes(record: Record, calm: boolean): void {
  const rights = new RightsHistory(record.commits);
  for (const { user, channel, at } of record.inboxWritten) {
    if (at > record.rightsUntil) break;
    if (!rights.had(user, channel, at - record.second, at))
      record.violate('I7', `${user}'s inbox was told of ${channel} more than a second after the right had gone`);
  }
  if (!calm) return;
  const committedAt = new Map(record.commits.map(({ channel, offset, at }) => [`${channel} ${offset}`, at]));
  for (const { user, channel, after, knownSince, at } of record.inboxWritten) {
    if (after === undefined) continue;
    const since = committedAt.get(`${channel} ${after + 1}`);
    if (since === undefined || knownSince >= since || !rights.steady(user, channel, since, at)) continue;
    if (at - since > prompt)
      record.violate('I13', `${user}'s inbox heard of ${after + 1} of ${channel} ${Math.round(at - since)} ms after its commit`);
  }
}

/** In peace: each inbox holds what its user belongs to, and where it stands. */
export function checkInboxesCaughtUp(record: Record, data: MemoryData, users: readonly User[], rights: RightsHistory): void {
  for (const { name, inbox } of users) {
    if (inbox.state !== 'known' || inbox.epoch !== data.epoch) {
      record.violate('I10', `${name}'s inbox is ${inbox.state} in ${inbox.epoch}, in peace, in ${data.epoch}`);
      continue;
    }
    for (const [channel, log] of data.channels) {
      if (!channel.startsWith('room:')) continue;
      const { head, n } = log.standing;
      const expected = rights.entitled(name, channel) ? `${head} ${n}` : undefined;
      const entry = inbox.channels.get(channel);
      const found = entry && `${entry.head} ${entry.n}`;
      if (found !== expected) record.violate(expected ? 'I10' : 'I7', `${name}'s inbox has ${channel} at ${found}, it is ${expected}`);
    }
  }
}
