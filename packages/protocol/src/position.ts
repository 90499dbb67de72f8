/** A place in a channel's log: all up to `offset` of the history named `epoch` has been read. */
export interface Position {
  readonly offset: number;
  /** Left out only with offset 0: from the first kept event, whatever the history. */
  readonly epoch?: string;
}

const pattern = /^(0|[1-9][0-9]{0,15})(?:~([A-Za-z0-9_-]{1,32}))?$/;

/** Reads `OFFSET~EPOCH`, or `0`. Returns undefined for anything else, an offset without its epoch included: it would name two events. */
export function parsePosition(text: string): Position | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const offset = Number(match[1]);
  const epoch = match[2];
  if (!Number.isSafeInteger(offset)) return undefined;
  if (epoch === undefined) return offset === 0 ? { offset } : undefined;
  return { offset, epoch };
}

/** Writes a position: `7~k3Jx…`, or `0`. */
export function formatPosition(position: Position): string {
  return position.epoch === undefined ? String(position.offset) : `${position.offset}~${position.epoch}`;
}
