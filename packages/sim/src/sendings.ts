import type { Commit, Record, Sending } from './record.ts';

/** By channel, what the log holds in the end. */
export type Final = ReadonlyMap<string, readonly { readonly offset: number; readonly id: string; readonly from: string }[]>;

/** I1, I4, I6, I10 of what was sent. */
export function checkSendings(record: Record, final: Final, lost: ReadonlySet<Commit>): void {
  const offsets = new Map<string, number>();
  for (const [channel, events] of final) {
    for (const { offset, id, from } of events) {
      const key = `${channel} ${from} ${id}`;
      if (offsets.has(key)) record.violate('I6', `${key} is in the log twice`);
      offsets.set(key, offset);
    }
  }
  const trimmedTo = new Map([...final].map(([channel, events]) => [channel, (events[0]?.offset ?? 1) - 1]));
  const cut = new Set([...lost].map(({ epoch, channel, offset }) => `${epoch} ${channel} ${offset}`));
  const order = new Map<string, Sending[]>();
  for (const sending of record.sendings) {
    const { channel, user, id, ack, refused } = sending;
    if (!ack) {
      if (refused === undefined) record.violate('I10', `${id} of ${user} was never answered`);
      continue;
    }
    const offset = offsets.get(`${channel} ${user} ${id}`);
    if (cut.has(`${ack.epoch} ${channel} ${ack.offset}`)) record.cutOff += 1;
    else if (offset === undefined && ack.offset > (trimmedTo.get(channel) ?? 0))
      record.violate('I1', `${id} was acknowledged at ${ack.offset} of ${channel} and is not there`);
    else if (offset !== undefined && offset !== ack.offset)
      record.violate('I6', `${id} was acknowledged at ${ack.offset}, and is at ${offset}`);
    else if (!sending.odd) {
      const key = `${sending.session} ${channel}`;
      order.set(key, [...(order.get(key) ?? []), sending]);
    }
  }
  for (const [key, sendings] of order) {
    sendings.reduce((before, sending) => {
      if (sending.ack && before.ack && sending.ack.epoch === before.ack.epoch && sending.ack.offset < before.ack.offset) {
        record.violate('I4', `${key}: ${sending.id} was sent after ${before.id} and is before it`);
      }
      return sending;
    });
  }
  checkAckOrder(record);
}

/** I4 between people: what was acknowledged before something else was sent is before it. */
function checkAckOrder(record: Record): void {
  const byChannel = Map.groupBy(
    record.sendings.filter(({ ack, odd }) => ack && !odd),
    ({ channel, ack }) => `${channel} ${ack?.epoch}`,
  );
  for (const sendings of byChannel.values()) {
    const acks = [...sendings].sort((a, b) => (a.ack?.at ?? 0) - (b.ack?.at ?? 0));
    let highest = 0;
    let at = 0;
    for (const sending of sendings) {
      for (let acked = acks[at]; acked?.ack && acked.ack.at < sending.sentAt; acked = acks[at]) {
        highest = Math.max(highest, acked.ack.offset);
        at += 1;
      }
      if ((sending.ack?.offset ?? 0) < highest)
        record.violate('I4', `${sending.id} was sent after the acknowledgement of ${highest}, and is at ${sending.ack?.offset}`);
    }
  }
}
