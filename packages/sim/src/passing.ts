import type { Presence } from '@hubbub/client/client';
import type { Record } from './record.ts';
import { RightsHistory } from './rights.ts';
import type { User } from './user.ts';

/** I7 of what passes; and signals come at most once over a link, and not to whoever gave them. */
export function checkPassing(record: Record): void {
  const rights = new RightsHistory(record.commits);
  for (const { what, user, channel, at } of record.passed) {
    if (at > record.rightsUntil) break;
    if (!rights.had(user, channel, at - record.second, at))
      record.violate('I7', `${user} was told a ${what} of ${channel} more than a second after the right had gone`);
  }
  const seen = new Set<string>();
  for (const { user, session, opening, from, fromSession, number, channel } of record.heard) {
    const signal = `${number} of ${from} ${fromSession} in ${channel}`;
    if (user === from && session === fromSession) record.violate('P64', `${signal} came back to its own session`);
    const once = `${user} ${session} ${opening}: ${signal}`;
    if (seen.has(once)) record.violate('P64', `${once} came twice`);
    seen.add(once);
  }
}

/** What was heard before is told by then. */
const told = 4_000;
/** Whose link has gone is away for five seconds before he is said to have left. */
const away = 7_000;

/** P66: a node that hears nothing of the others knows of nobody there that he has left. */
export function checkNobodyPutOut(record: Record): void {
  for (const { user, channel, node, unheardSince, heldAt, at } of record.leftUnheard) {
    if (at - Math.max(unheardSince, heldAt) < told) continue;
    const own = record.visits.some((visit) => visit.user === user && visit.node === node && visit.to >= unheardSince - away);
    if (!own)
      record.violate(
        'P66',
        `${node}, which had heard of nobody for ${Math.round(at - unheardSince)} ms, said that ${user} had left ${channel}`,
      );
  }
}

/** In peace: everybody who reads a channel is shown who reads it, no more and no less, each with the one session that he has. */
export function checkPresence(record: Record, users: readonly User[], rights: RightsHistory): void {
  const there = new Map<string, string[]>();
  for (const { name, readers } of users) {
    for (const { reader, subscription } of readers) {
      const reads = subscription.state.state === 'live' || subscription.state.state === 'behind';
      if (reads && rights.entitled(name, reader.channel)) there.set(reader.channel, [...(there.get(reader.channel) ?? []), name]);
    }
  }
  for (const { name, readers } of users) {
    for (const { reader, subscription } of readers) {
      const { presence } = subscription;
      if (!presence || !rights.entitled(name, reader.channel)) continue;
      const found = shown(presence);
      const names = [...(there.get(reader.channel) ?? [])].sort();
      const expected = presence.complete ? `known ${names.length}: ${names.join()}` : `known ${names.length}: some`;
      if (found !== expected) record.violate('P66', `${name} is shown ${found} in ${reader.channel}, it is ${expected}`);
    }
  }
}

function shown({ state, count, users, complete }: Presence): string {
  const names = [...users].map(([user, sessions]) => (sessions === 1 ? user : `${user} ${sessions}`)).sort();
  return `${state} ${count}: ${complete ? names.join() : 'some'}`;
}
