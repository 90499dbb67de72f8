/** The promises, asked of what a run has left behind: I1–I6 and I11, and when a client may be told to start again (I13). */
import type { Account, Cut, History, Log, Logged, Sending } from './history.ts';
import { claim, SubscriptionCheck } from './subscription-check.ts';
import { Verdict } from './verdict.ts';

/** Reads a history, taken when all was quiet again, and says what is wrong with it. */
export function check({ accounts, log, cuts }: History): Verdict {
  const verdict = new Verdict();
  const sent = new Map(accounts.flatMap(({ user, sendings }) => sendings.map(({ id }): [string, string] => [id, user])));
  checkLog(verdict, log, sent);
  checkSendings(verdict, accounts, log, cuts);
  const logged = new Map(
    Object.entries(log.channels).flatMap(([channel, events]) =>
      events.map(({ offset, id }): [string, string] => [`${channel} ${offset}`, id]),
    ),
  );
  const claims = new Map<string, string>();
  for (const { channel, id, ack } of accounts.flatMap(({ sendings }) => sendings))
    if (ack) claim(verdict, claims, `${ack.epoch} ${channel} ${ack.offset}`, id);
  for (const { name, steps, holes, garbled, troubles } of accounts) {
    for (const trouble of troubles) verdict.blame('troubles', `${name}: ${trouble}`);
    for (let hole = 0; hole < holes; hole++) verdict.blame('gaps', `${name} saw a hole in what it was given, and asked anew`);
    for (let one = 0; one < garbled; one++) verdict.blame('phantom', `${name} was given another body than was sent`);
    for (const [channel, list] of Object.entries(steps)) {
      new SubscriptionCheck(verdict, { name, channel, log, logged, cuts, sent, claims }).run(list);
    }
  }
  return verdict;
}

/** The log itself: dense, each event once, and only what was sent, from whom it was sent. */
function checkLog(verdict: Verdict, { channels }: Log, sent: ReadonlyMap<string, string>): void {
  for (const [channel, events] of Object.entries(channels)) {
    const ids = new Set<string>();
    events.forEach(({ offset, id, from }, at) => {
      if (offset !== at + 1) verdict.blame('gaps', `the log of ${channel} has ${offset} as its ${at + 1}. event`);
      if (ids.has(id)) verdict.blame('duplicated', `${id} is twice in the log of ${channel}`);
      ids.add(id);
      const sender = sent.get(id);
      if (sender === undefined) verdict.blame('phantom', `${offset} of ${channel} (${id}) was sent by nobody`);
      else if (sender !== from) verdict.blame('phantom', `${offset} of ${channel} (${id}) is from ${from}, and was sent by ${sender}`);
    });
  }
}

/** I1, I4, I6, I10 of what was sent. */
function checkSendings(verdict: Verdict, accounts: readonly Account[], { channels }: Log, cuts: readonly Cut[]): void {
  const logged = new Map<string, Map<string, Logged>>(
    // Of one that is there twice the first is meant: the other one has been complained about.
    Object.entries(channels).map(([channel, events]) => [channel, new Map(events.toReversed().map((event) => [event.id, event]))]),
  );
  for (const { name, sendings } of accounts) {
    for (const { channel, id, ack, refused } of sendings) {
      if (!ack) {
        verdict.blame(
          'unanswered',
          `${id} of ${name} to ${channel} was ${refused === undefined ? 'never answered' : `refused: ${refused}`}`,
        );
        continue;
      }
      verdict.acked += 1;
      const found = logged.get(channel)?.get(id);
      if (found?.offset === ack.offset) continue;
      const where = found ? `is at ${found.offset}` : 'is not there';
      if (!found && cuts.some(({ copiedAt, putBackAt }) => ack.at > copiedAt && ack.at < putBackAt)) verdict.cutOff += 1;
      else verdict.blame('lost', `${id} of ${name} was acknowledged at ${ack.offset} of ${channel}, and ${where}`);
    }
    for (const [place, own] of byPlace(sendings)) checkOwnOrder(verdict, `${name} to ${place}`, own);
  }
  for (const [place, all] of byPlace(accounts.flatMap(({ sendings }) => sendings))) checkOrder(verdict, place, all);
}

/** Acknowledged sendings by channel and epoch: offsets of two epochs say nothing about each other. */
function byPlace(sendings: readonly Sending[]): Map<string, readonly Acked[]> {
  const acked = sendings.filter((sending): sending is Acked => sending.ack !== undefined);
  return Map.groupBy(acked, ({ channel, ack }) => `${channel} in ${ack.epoch}`);
}

type Acked = Sending & Required<Pick<Sending, 'ack'>>;

/** I4: what one sends to a channel is logged in the order sent, retries included. */
function checkOwnOrder(verdict: Verdict, who: string, sendings: readonly Acked[]): void {
  let before = 0;
  for (const { id, ack } of sendings) {
    if (ack.offset < before) verdict.blame('reordered', `${who}: ${id} is at ${ack.offset}, and was sent after what is at ${before}`);
    before = Math.max(before, ack.offset);
  }
}

/** I4 between clients: what was acknowledged before something else was sent stands before it. */
function checkOrder(verdict: Verdict, place: string, sendings: readonly Acked[]): void {
  const acks = sendings.map(({ ack }) => ack).sort((a, b) => a.at - b.at);
  let highest = 0;
  let next = 0;
  for (const { id, sentAt, ack } of [...sendings].sort((a, b) => a.sentAt - b.sentAt)) {
    for (let known = acks[next]; known && known.at < sentAt; known = acks[next]) {
      highest = Math.max(highest, known.offset);
      next += 1;
    }
    if (ack.offset < highest) verdict.blame('reordered', `${place}: ${id} is at ${ack.offset}, sent after ${highest} was acknowledged`);
  }
}
