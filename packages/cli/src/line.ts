import type { Event } from '@hubbub/client';

/** An event as one line for people: offset, time, who, kind, text. */
export function eventLine({ offset, ts, from, kind, body, emptied }: Event): string {
  const text = emptied === undefined ? textOf(body) : `(emptied by ${emptied})`;
  return [offset, new Date(ts).toISOString(), from, kind, plain(text)].join('\t');
}

/** A terminal obeys control characters, and turns lines around: what people have sent, or damage has left, must do neither. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

function textOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'text' in body && typeof body.text === 'string' ? body.text : JSON.stringify(body);
}
