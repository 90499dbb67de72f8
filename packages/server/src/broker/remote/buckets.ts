import type { Parcel } from './line.ts';

/**
 * For servers on which a subscription costs too much to have one per channel: everything goes over a fixed number of buckets, every node
 * hears all of them, and leaves out what nobody there asked for.
 */
export const buckets = 64;

/** The bucket of a channel, from 0: FNV-1a, the same on every node and for ever. */
export function bucketOf(channel: string, count = buckets): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < channel.length; at++) hash = Math.imul(hash ^ channel.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % count;
}

/** A parcel as one text: what is in a bucket has to say of which channel it is. */
export function packed({ channel, envelope }: Parcel): string {
  return `${channel}\n${envelope}`;
}

/** Reads such a text; undefined for what is none. */
export function unpacked(text: string): Parcel | undefined {
  const end = text.indexOf('\n');
  return end < 0 ? undefined : { channel: text.slice(0, end), envelope: text.slice(end + 1) };
}
