import type { ResetReason } from '@hubbub/protocol/frames';
import type { Position } from '@hubbub/protocol/position';
import type { Standing } from '../store/store.ts';
import { blockSize } from './flight.ts';

/** Where a subscription begins. `cursor`: all up to there is taken as read. */
export interface Start {
  readonly cursor: number;
  /** The client must drop what it has. */
  readonly reset?: ResetReason;
  /** The client asked for events that are no longer kept. */
  readonly trimmed?: true;
}

/** Decides where a reader at `position` begins in a channel that stands at `standing` in the history `epoch` (PROTOCOL, continuity table). */
export function startAt(position: Position | undefined, maxGap: number | undefined, standing: Standing, epoch: string): Start {
  const { head, first } = standing;
  if (!position) return { cursor: head };
  if (position.epoch !== undefined && position.epoch !== epoch) return { cursor: newestPage(standing), reset: 'new_epoch' };
  if (position.offset > head) return { cursor: newestPage(standing), reset: 'beyond_head' };
  const cursor = Math.max(position.offset, first - 1);
  if (maxGap !== undefined && head - cursor > maxGap) return { cursor: newestPage(standing), reset: 'too_old' };
  // `0` without an epoch asks for what is kept, so that nothing is missing; with one, it is a place that somebody has been at.
  return cursor > position.offset && position.epoch !== undefined ? { cursor, trimmed: true } : { cursor };
}

/** The start of the newest page: the last 128 events at least, 255 at most, or all that is kept. */
export function newestPage({ head, first }: Standing): number {
  return Math.max(first - 1, 0, (Math.floor(head / blockSize) - 1) * blockSize);
}
