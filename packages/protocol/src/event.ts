/** An event without its body. `concerns` holds user names, or `*` for every reader. */
export interface Header {
  readonly offset: number;
  readonly n: number;
  /** Milliseconds of the store's clock, never below the channel's last. */
  readonly ts: number;
  readonly id: string;
  readonly from: string;
  readonly kind: string;
  readonly empties?: readonly number[];
  readonly concerns?: readonly string[];
}

/** The header's members that its sender decides; the store adds offset, n and ts. */
export type Rest = Omit<Header, 'offset' | 'n' | 'ts'>;

/**
 * An event as servers handle it: header parsed, body as the JSON text that it was made into once, never parsed again.
 * `body` is null where it was emptied: `emptied` names the event that did it. A trimmed event is not an entry any more.
 */
export interface Entry {
  readonly header: Header;
  readonly body: string | null;
  readonly emptied?: number;
}

/** The header as JSON, in the one order of members that everybody writes: equal events are equal bytes. */
export function headerText(header: Header): string {
  let text = `{"offset":${header.offset},"n":${header.n},"ts":${header.ts},"id":"${header.id}","from":"${header.from}","kind":"${header.kind}"`;
  if (header.empties) text += `,"empties":${JSON.stringify(header.empties)}`;
  if (header.concerns) text += `,"concerns":${JSON.stringify(header.concerns)}`;
  return `${text}}`;
}

/** The event as it stands in every frame (PROTOCOL, "Bytes of an event"). Ids, users and kinds have no character that JSON escapes. */
export function eventText(entry: Entry): string {
  const head = headerText(entry.header).slice(0, -1);
  return entry.body === null ? `${head},"body":null,"emptied":${entry.emptied ?? 0}}` : `${head},"body":${entry.body}}`;
}

/** How an `events` frame begins; the event texts, joined by commas, and `]}` follow. */
export function eventsPrefix(channel: string, epoch: string): string {
  return `{"push":"events","channel":"${channel}","epoch":"${epoch}","events":[`;
}

/** An event as a client reads it from a frame. */
export interface Event<Body = unknown> extends Header {
  readonly body: Body | null;
  readonly emptied?: number;
}
