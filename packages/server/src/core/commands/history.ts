import { Refusal } from '@hubbub/protocol/codes';
import type { HistoryCommand } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { isChannel } from '@hubbub/protocol/names';
import { parsePosition } from '@hubbub/protocol/position';
import type { Range } from '../../store/store.ts';
import type { Reader, Reading } from '../reading.ts';
import { encode } from '../tail.ts';
import type { Raw } from './context.ts';

/** The events of a page, together; one always fits. */
const pageBytes = 128 * 1_024;

/**
 * A page of kept events: those before a place, or after one; without either the newest. Throws Refusal: `bad_channel`, `bad_position`,
 * `forbidden`, `unavailable`.
 */
export async function history(
  { reading }: { readonly reading: Reading },
  reader: Reader,
  { channel, before, after, limit = limits.historyEvents }: Omit<HistoryCommand, 'req' | 'cmd'>,
): Promise<Raw> {
  if (!isChannel(channel)) throw new Refusal('bad_channel', 'this is no name of a channel');
  if (before !== undefined && after !== undefined) throw new Refusal('bad_command', 'a page is before a place, or after one');
  const place = parsePlace(before ?? after);
  const range: Range = after !== undefined ? { after: place?.offset ?? 0 } : { before: place?.offset ?? Number.MAX_SAFE_INTEGER };
  const page = await reading.read(reader, channel, (store) => store.read(channel, range, limit));
  if (place?.epoch !== undefined && place.epoch !== page.epoch) {
    throw new Refusal('bad_position', `this position is of another history; the present one is ${page.epoch}`);
  }
  const events = page.entries.map(encode);
  // From the side of the place: what is left is the next page.
  const kept = 'after' in range ? fitting(events) : fitting(events.toReversed()).toReversed();
  const { epoch, head, n, first } = page;
  const texts = kept.map(({ text }) => text).join(',');
  return { raw: `"epoch":"${epoch}","head":${head},"n":${n},"first":${first},"events":[${texts}]` };
}

function parsePlace(text: string | undefined): { readonly offset: number; readonly epoch?: string } | undefined {
  if (text === undefined) return undefined;
  const place = parsePosition(text);
  if (!place) throw new Refusal('bad_position', 'a position is OFFSET~EPOCH, or 0');
  return place;
}

function fitting<Sized extends { readonly bytes: number }>(events: readonly Sized[]): readonly Sized[] {
  let bytes = 0;
  const end = events.findIndex((event, at) => {
    bytes += event.bytes;
    return at > 0 && bytes > pageBytes;
  });
  return end < 0 ? events : events.slice(0, end);
}
