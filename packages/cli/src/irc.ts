import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { encodeName, isUser } from '@hubbub/protocol/names';

/** One line of a log, as the event that it becomes. */
export interface IrcEvent {
  readonly id: string;
  readonly from: string;
  readonly kind: 'message' | 'action' | 'note';
  readonly body: { readonly text: string };
  readonly ts: number;
}

const day = 86_400_000;
const hour = 3_600_000;
/** Where neither a line nor the file's name says a day. */
const noDay = 0;
const clockOnly = /^\[(\d\d):(\d\d)(?::(\d\d))?\] (.*)$/s;
const dated = /^\S+ (\d{4}-\d\d-\d\d) \[(\d\d):(\d\d)(?::(\d\d))?\] (.*)$/s;
const spoken = /^<([^>]+)> ?(.*)$/s;
const acted = /^\* (\S+) ?(.*)$/s;

/** The channel that a file belongs to: its name up to the first `-YYYY` or `.`. */
export function channelOfFile(path: string): string {
  return `room:${encodeName(basename(path).split(/-\d{4}|\./)[0] ?? '')}`;
}

/**
 * Reads a log, each line one event: `<nick> text` a message, `* nick …` an action, `=== …` a note, anything else a message from `irc`.
 * Times are UTC; a file whose clock goes back by more than an hour has passed midnight. Ids follow from channel, file, number and line,
 * so that importing twice adds nothing.
 */
export function parseIrc(text: string, path: string, channel: string): IrcEvent[] {
  const file = basename(path);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  let base = Date.parse(`${/\d{4}-\d\d-\d\d/.exec(file)?.[0]}T00:00:00Z`);
  if (Number.isNaN(base)) base = noDay;
  let last = base;
  return lines.map((raw, index) => {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const full = dated.exec(line);
    const short = full ? null : clockOnly.exec(line);
    let ts = last;
    if (full) ts = Date.parse(`${full[1]}T${full[2]}:${full[3]}:${full[4] ?? '00'}Z`);
    else if (short) {
      ts = base + (Number(short[1]) * 60 + Number(short[2])) * 60_000 + Number(short[3] ?? 0) * 1_000;
      if (last - ts > hour) {
        base += day;
        ts += day;
      }
    }
    last = Number.isNaN(ts) ? last : Math.max(last, ts);
    return { id: idOf(channel, file, index + 1, line), ts: last, ...said(full?.[5] ?? short?.[4] ?? line, line) };
  });
}

function said(rest: string, line: string): Pick<IrcEvent, 'from' | 'kind' | 'body'> {
  if (line.startsWith('===')) return { from: 'irc', kind: 'note', body: { text: line } };
  const message = spoken.exec(rest);
  if (message) return { from: nick(message[1]), kind: 'message', body: { text: message[2] ?? '' } };
  const action = acted.exec(rest);
  if (action) return { from: nick(action[1]), kind: 'action', body: { text: action[2] ?? '' } };
  return { from: 'irc', kind: 'message', body: { text: line } };
}

function nick(text = ''): string {
  const user = encodeName(text);
  return isUser(user) ? user : 'irc';
}

/** A UUID v8 (RFC 9562, section 5.8) of what names the line. */
function idOf(channel: string, file: string, number: number, line: string): string {
  const bytes = createHash('sha256').update(JSON.stringify([channel, file, number, line])).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
