import { type Entry, type Header, headerText } from '@hubbub/protocol/event';

/**
 * What a broker carries: a bell, often with its parcel. As text: one line of JSON, then for each event one line header, one line body.
 * JSON has no raw newline, so headers are parsed and bodies are not.
 */
export interface Envelope {
  /** The store's id: another cluster on the same broker is none of our business. */
  readonly cluster: string;
  readonly node: string;
  readonly epoch: string;
  readonly mark: string;
  readonly channel: string;
  /** The bell: the channel is at this offset. */
  readonly head: number;
  /** The parcel, ascending; empty: read the store. */
  readonly entries: readonly Entry[];
}

const version = 1;

export function encodeEnvelope(envelope: Envelope): string {
  const { cluster, node, epoch, mark, channel, head } = envelope;
  let text = JSON.stringify({ v: version, cluster, node, epoch, mark, channel, head });
  for (const { header, body } of envelope.entries) {
    // An emptied body cannot travel: whoever needs the event reads it.
    if (body === null) return encodeEnvelope({ ...envelope, entries: [] });
    text += `\n${headerText(header)}\n${body}`;
  }
  return text;
}

/** Reads an envelope, or returns undefined for what is none of this version: a broker may be shared with anybody. */
export function decodeEnvelope(text: string): Envelope | undefined {
  const lines = text.split('\n');
  try {
    const first = JSON.parse(lines[0] ?? '') as Partial<Envelope> & { v?: unknown };
    const { cluster, node, epoch, mark, channel, head } = first;
    if (first.v !== version || typeof head !== 'number' || lines.length % 2 === 0) return undefined;
    if (![cluster, node, epoch, mark, channel].every((member) => typeof member === 'string')) return undefined;
    const entries: Entry[] = [];
    for (let at = 1; at + 1 < lines.length; at += 2) {
      entries.push({ header: JSON.parse(lines[at] ?? '') as Header, body: lines[at + 1] ?? '' });
    }
    return { cluster, node, epoch, mark, channel, head, entries } as Envelope;
  } catch {
    return undefined;
  }
}
