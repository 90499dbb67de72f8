import type { MemoryData } from '@hubbub/server/store/memory/data';
import { checkInboxes, checkInboxesCaughtUp } from './inboxes.ts';
import { checkNobodyPutOut, checkPassing, checkPresence } from './passing.ts';
import type { Commit, Reader, Record } from './record.ts';
import { RightsHistory } from './rights.ts';
import { checkSendings, type Final } from './sendings.ts';
import { checkSignIns } from './sign-ins.ts';
import type { User } from './user.ts';

/** What the run was like, as far as the promises depend on it. */
export interface Circumstances {
  /** Nothing was broken: then nothing may be late, found by the look, or reset. */
  readonly calm: boolean;
  readonly trimmed: boolean;
}

const prompt = 250;
const twoBeats = 20_000;
const untilNoticed = 3_000;

/** Reads the record of a run and reports to it every promise that was broken. */
export function check(record: Record, data: MemoryData, users: readonly User[], circumstances: Circumstances): void {
  const final = finalLog(data);
  const lost = lostCommits(record);
  checkCommits(record);
  checkTimes(record, data);
  checkWritten(record);
  checkBytes(record);
  checkPages(record);
  checkSendings(record, final, lost);
  for (const reader of record.readers) checkReader(record, reader, circumstances);
  const rights = new RightsHistory(record.commits);
  checkRights(record, rights);
  checkPagesWritten(record, rights);
  checkAdmitted(record, rights);
  checkSignIns(record);
  checkInboxes(record, circumstances.calm);
  checkPassing(record);
  checkNobodyPutOut(record);
  checkCaughtUp(record, data, users, circumstances.trimmed);
}

function wasCut(cut: Record['cuts'][number], { at, channel, offset }: Commit): boolean {
  return at <= cut.at && offset > (cut.heads.get(channel) ?? 0);
}

/** What a rollback has taken. */
function lostCommits(record: Record): ReadonlySet<Commit> {
  const lost = new Set<Commit>();
  for (const cut of record.cuts) {
    for (const commit of record.commits) if (wasCut(cut, commit)) lost.add(commit);
  }
  return lost;
}

function finalLog(data: MemoryData): Final {
  return new Map(
    [...data.channels].map(([channel, log]) => [
      channel,
      log
        .read({ after: 0 }, Number.MAX_SAFE_INTEGER)
        .entries.map(({ header }) => ({ offset: header.offset, id: header.id, from: header.from })),
    ]),
  );
}

/** I11: no place of one history names two events. */
function checkCommits(record: Record): void {
  const places = new Map<string, string>();
  for (const { epoch, channel, offset, id, from } of record.commits) {
    if (record.unasked.has(id)) record.violate('P13', `${id} was taken, though its command has a member that nobody knows`);
    const place = `${epoch} ${channel} ${offset}`;
    const event = `${from} ${id}`;
    const other = places.get(place);
    if (other !== undefined && other !== event) record.violate('I11', `${place} names ${other} and ${event}`);
    places.set(place, event);
  }
}

/** P7: time never goes back in a channel, wherever the calendar goes. */
function checkTimes(record: Record, data: MemoryData): void {
  for (const [channel, log] of data.channels) {
    let last = 0;
    for (const { header } of log.read({ after: 0 }, Number.MAX_SAFE_INTEGER).entries) {
      if (header.ts < last) record.violate('P7', `${header.offset} of ${channel} is of ${header.ts}, the one before it of ${last}`);
      last = header.ts;
    }
  }
}

/** I5, I11: what nodes wrote was committed, by then, in the history that they named, or came into it from the one before. */
function checkWritten(record: Record): void {
  const placed = new Map(record.commits.map((commit) => [`${commit.epoch} ${commit.channel} ${commit.offset}`, commit]));
  const byEvent = Map.groupBy(record.commits, ({ channel, offset, id }) => `${channel} ${offset} ${id}`);
  for (const { user, epoch, channel, offset, id, at } of record.written) {
    const own = placed.get(`${epoch} ${channel} ${offset}`);
    const inherited = byEvent.get(`${channel} ${offset} ${id}`) ?? [];
    const valid = own
      ? own.id === id && own.at <= at
      : inherited.some(
          (commit) => commit.at <= at && !record.cuts.some((cut) => wasCut(cut, commit) && cut.at <= at && cut.epoch !== epoch),
        );
    if (!valid) record.violate('I5', `${user} was given ${id} as ${offset} of ${channel} in ${epoch}, which it is not`);
  }
}

/** I7 of pages that were asked for, as they left the node: the way to the client takes its time. */
function checkPagesWritten(record: Record, rights: RightsHistory): void {
  const channels = new Map(record.commits.map(({ channel, offset, id }) => [`${offset} ${id}`, channel]));
  for (const { user, offset, id, at } of record.pagesWritten) {
    if (at > record.rightsUntil) continue;
    const channel = channels.get(`${offset} ${id}`) ?? '';
    if (!rights.had(user, channel, at - record.second, at))
      record.violate('I7', `${user} read ${channel} more than a second after the right had gone`);
  }
}

/** I7 of what was taken: in the channel itself to the event, elsewhere to the second, from the ban to the moment when the batch set out. */
function checkAdmitted(record: Record, rights: RightsHistory): void {
  for (const { channel, offset, id, from, kind, setOut, at } of record.commits) {
    if (setOut === undefined || at > record.rightsUntil || !channel.startsWith('room:')) continue;
    if (kind !== 'join' && !rights.memberAtOffset(from, channel, offset, at))
      record.violate('I7', `${id} of ${from} was taken into ${channel} at ${offset}, where he was no member`);
    if (rights.bannedThrough(from, setOut - record.second, at))
      record.violate('I7', `${id} of ${from} was taken into ${channel} more than a second after he was banned`);
  }
}

/** I3, I5 of pages that were asked for: they are a piece of the log. */
function checkPages(record: Record): void {
  const texts = new Map(record.written.map(({ channel, epoch, offset, text }) => [`${epoch} ${channel} ${offset}`, text]));
  for (const { user, channel, epoch, events } of record.pages) {
    events.forEach((event, index) => {
      const before = events[index - 1];
      if (before && event.offset !== before.offset + 1)
        record.violate('I3', `${user} read ${event.offset} of ${channel} behind ${before.offset}`);
      const text = texts.get(`${epoch} ${channel} ${event.offset}`);
      if (text !== undefined && event.emptied === undefined && !text.includes('"emptied":') && JSON.stringify(event) !== text)
        record.violate('P10', `${user} read ${event.offset} of ${channel} in other bytes`);
    });
  }
}

/** P10: whoever reads an event, live, late or slowly, from whichever node, gets the same bytes; but for a body that has gone. */
function checkBytes(record: Record): void {
  const texts = new Map<string, string>();
  for (const { channel, offset, id, text, emptied, user } of record.written) {
    // The same event of two histories has one place and one text; a rolled-back and repeated one is another commit, with another time.
    const event = `${channel} ${offset} ${id} ${emptied} ${/"ts":(\d+)/.exec(text)?.[1]}`;
    const first = texts.get(event);
    if (first !== undefined && first !== text) record.violate('P10', `${user} was given ${offset} of ${channel} in other bytes`);
    texts.set(event, text);
  }
}

/** When each event of a channel was committed first: a rollback may have it committed again, at the same place. */
function firstCommits(record: Record, channel: string): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const commit of record.commits) {
    const event = `${commit.offset} ${commit.id}`;
    if (commit.channel === channel && !first.has(event)) first.set(event, commit.at);
  }
  return first;
}

/** I2, I3, I5, and I13 as one reader saw them. */
function checkReader(record: Record, reader: Reader, { calm, trimmed }: Circumstances): void {
  const who = `${reader.user} in ${reader.channel}`;
  const commits = firstCommits(record, reader.channel);
  const seen = new Set<string>();
  let last: number | undefined;
  for (const { event, at, live } of reader.applied) {
    const committedAt = commits.get(`${event.offset} ${event.id}`);
    if (committedAt === undefined || committedAt > at)
      record.violate('I5', `${who} got ${event.offset} (${event.id}), which was not committed`);
    if (seen.has(`${event.from} ${event.id}`)) record.violate('I2', `${who} got ${event.id} twice`);
    seen.add(`${event.from} ${event.id}`);
    if (last !== undefined && event.offset !== last + 1) record.violate('I3', `${who} got ${event.offset} after ${last}`);
    last = event.offset;
    if (calm && live && committedAt !== undefined && at - committedAt > prompt) {
      record.violate('I13', `${who} got ${event.offset} ${Math.round(at - committedAt)} ms after its commit`);
    }
  }
  const renewals = reader.resets.filter(({ reason }) => reason === 'new_epoch').length;
  if (renewals > record.cuts.length) record.violate('I13', `${who} was told of ${renewals} new epochs, there were ${record.cuts.length}`);
  for (const { reason, at } of reader.resets) {
    const since = Math.min(...record.cuts.map((cut) => (cut.at <= at ? at - cut.at : Number.POSITIVE_INFINITY)));
    // A node that has just started has seen nothing that it could miss: to it the rolled-back log is merely short, until the others speak.
    const renewed = reason === 'new_epoch' ? since < Number.POSITIVE_INFINITY : reason === 'beyond_head' && since < untilNoticed;
    const excused = reason === 'trimmed' ? trimmed : renewed;
    if (!excused) record.violate('I13', `${who} was reset: ${reason}`);
  }
}

/** I7: what nodes wrote to whom, against the membership history. */
function checkRights(record: Record, rights: RightsHistory): void {
  const until = record.rightsUntil;
  for (const { user, channel, offset, at } of record.written) {
    if (at > until) break;
    if (!rights.had(user, channel, at - record.second, at)) {
      record.violate('I7', `${user} was given ${offset} of ${channel} more than a second after the right had gone`);
    }
    const lostAt = rights.lostAt(user, channel, at);
    if (lostAt !== undefined && offset > lostAt)
      record.violate('I7', `${user} was given ${offset} of ${channel}, having lost it at ${lostAt}`);
  }
}

/** I1, I3, I10 in peace: whoever may read and does stands at the head, holds what the log holds, and says so. */
export function checkCaughtUp(record: Record, data: MemoryData, users: readonly User[], trimmed: boolean): void {
  const final = finalLog(data);
  const lost = lostCommits(record);
  const rights = new RightsHistory(record.commits.filter((commit) => !lost.has(commit)));
  checkInboxesCaughtUp(record, data, users, rights);
  checkPresence(record, users, rights);
  for (const user of users) {
    const { status } = user.client;
    if (status.state !== 'live') record.violate('I10', `${user.name} is ${JSON.stringify(status)} in peace`);
    for (const { reader, subscription } of user.readers) {
      const who = `${user.name} in ${reader.channel}`;
      if (!rights.entitled(user.name, reader.channel)) {
        record.violate('I7', `${who} still reads`);
        continue;
      }
      const log = final.get(reader.channel) ?? [];
      const head = log.at(-1)?.offset ?? 0;
      if (offsetOf(subscription.position) !== head) {
        record.violate('I10', `${who} stands at ${subscription.position}, the head is ${head}; ${JSON.stringify(subscription.state)}`);
      }
      const ids = new Map(log.map((event) => [event.offset, event.id]));
      for (const { event } of reader.applied) {
        const id = ids.get(event.offset);
        if (id !== event.id && !trimmed) record.violate('I1', `${who} holds ${event.id} at ${event.offset}, the log ${id}`);
      }
      const begun = offsetOf(reader.from);
      const first = reader.applied[0]?.event.offset;
      const kept = record.trims.some((trim) => trim.channel === reader.channel && trim.first === first);
      if (reader.resets.length === 0 && first !== undefined && first !== begun + 1 && !kept)
        record.violate('I3', `${who} began at ${begun} and got ${first} first`);
    }
  }
}

/** I12: whoever says `live` holds at least what was there two heartbeats ago. */
export function checkHonest(record: Record, user: User, now: number): void {
  if (user.client.status.state !== 'live') return;
  for (const { reader, subscription } of user.readers) {
    const [offset = '0', epoch = ''] = subscription.position?.split('~') ?? [];
    const head = record.headAt(reader.channel, epoch, now - twoBeats);
    if (Number(offset) < head) {
      record.violate(
        'I12',
        `${user.name} says live at ${subscription.position} of ${reader.channel}, where ${head} was the head two heartbeats ago`,
      );
    }
  }
}

function offsetOf(position: string | undefined): number {
  return Number(position?.split('~')[0] ?? 0);
}
