import { eventsPrefix } from '@hubbub/protocol/event';
import { blockSize } from './flight.ts';
import type { Encoded } from './tail.ts';
import { Frame } from './transport.ts';

/** A page holds so much at most; one event always fits. */
const pageBytes = 32 * 1_024;

/** The first page of `events`: up to `last`, to the end of its block, to 32 KiB, or to the first event that `ends` says yes to. */
export function cut(events: readonly Encoded[], last: number, ends: (event: Encoded) => boolean): readonly Encoded[] {
  let bytes = 0;
  let count = 0;
  for (const event of events) {
    const { offset } = event.entry.header;
    if (offset > last || (count > 0 && bytes + event.bytes > pageBytes)) break;
    bytes += event.bytes;
    count += 1;
    if (offset % blockSize === 0 || ends(event)) break;
  }
  return count === events.length ? events : events.slice(0, count);
}

/** The `events` frame of consecutive events of a channel. */
export function eventsFrame(channel: string, epoch: string, events: readonly Encoded[]): Frame {
  return new Frame(`${eventsPrefix(channel, epoch)}${events.map((event) => event.text).join(',')}]}`);
}
