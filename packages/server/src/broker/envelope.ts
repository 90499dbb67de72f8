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

/**
 * What nodes tell each other besides: somebody's signal, or a word about presence. As text: one line of JSON with its kind, then what it
 * says. To whoever knows bells alone it is none, for it names no head, and is dropped like anything foreign.
 */
export interface Note {
  readonly kind: 'signal' | 'presence';
  readonly cluster: string;
  readonly node: string;
  readonly epoch: string;
  readonly mark: string;
  readonly channel: string;
  /** What it says; not parsed here. */
  readonly text: string;
}

const version = 1;
const noteBegin = `{"v":${version},"kind":`;

/** Whether a text may be a note: so much can be told without reading it. */
export function isNote(text: string): boolean {
  return text.startsWith(noteBegin);
}

export function encodeNote({ kind, cluster, node, epoch, mark, channel, text }: Note): string {
  return `${JSON.stringify({ v: version, kind, cluster, node, epoch, mark, channel })}\n${text}`;
}

/** Reads a note, or returns undefined for what is none. */
export function decodeNote(text: string): Note | undefined {
  const end = text.indexOf('\n');
  if (!isNote(text) || end < 0) return undefined;
  try {
    const { kind, cluster, node, epoch, mark, channel } = JSON.parse(text.slice(0, end)) as Partial<Note>;
    if (kind !== 'signal' && kind !== 'presence') return undefined;
    if (![cluster, node, epoch, mark, channel].every((member) => typeof member === 'string')) return undefined;
    return { kind, cluster, node, epoch, mark, channel, text: text.slice(end + 1) } as Note;
  } catch {
    return undefined;
  }
}

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
