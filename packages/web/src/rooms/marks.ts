import type { InboxEntry } from '@hubbub/client';

/** How far each channel was read on this device: the channel's counter `n` at the last line that was seen. */
export interface Marks {
  /** The history that the numbers belong to. */
  readonly epoch: string;
  readonly read: Readonly<Record<string, number>>;
}

export const noMarks: Marks = { epoch: '', read: {} };

/** Whatever stands in the storage: another build may have written it. */
export function parseMarks(text: string | undefined | null): Marks {
  try {
    const { epoch, read } = JSON.parse(text ?? '') as { epoch?: unknown; read?: unknown };
    if (typeof epoch !== 'string' || typeof read !== 'object' || read === null) return noMarks;
    return { epoch, read: Object.fromEntries(Object.entries(read).filter(([, n]) => Number.isSafeInteger(n))) };
  } catch {
    return noMarks;
  }
}

/** The marks where a channel has been read up to `n`; never back. The same ones where it was. */
export function raised(marks: Marks, channel: string, n: number): Marks {
  return n <= (marks.read[channel] ?? -1) ? marks : { ...marks, read: { ...marks.read, [channel]: n } };
}

/** Both: what another tab has read is read. Of two histories, ours. */
export function merged(marks: Marks, theirs: Marks): Marks {
  if (theirs.epoch !== marks.epoch) return marks;
  return Object.entries(theirs.read).reduce((sum, [channel, n]) => raised(sum, channel, n), marks);
}

/**
 * The marks after it was told where all channels of mine stand. One that has no mark was not read here yet: it counts from now on. In
 * another history there may be less than was read of the former. The same ones where nothing changes.
 */
export function settled(marks: Marks, epoch: string, channels: ReadonlyMap<string, InboxEntry>): Marks {
  const anew = marks.epoch !== epoch;
  const read: Record<string, number> = { ...marks.read };
  let changed = anew;
  for (const [channel, { n }] of channels) {
    const mark = read[channel];
    if (mark !== undefined && (!anew || mark <= n)) continue;
    read[channel] = n;
    changed = true;
  }
  return changed ? { epoch, read } : marks;
}

/** How many messages of a channel that stands at `n` were not seen yet. */
export function unread({ read }: Marks, channel: string, n: number): number {
  return Math.max(0, n - (read[channel] ?? n));
}
