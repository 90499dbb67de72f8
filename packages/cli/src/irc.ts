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
/** `[HH:MM] …`: the day is the file's. */
const clockOnly = /^\[(\d\d):(\d\d)(?::(\d\d))?\] (.*)$/s;
/** `channel YYYY-MM-DD [HH:MM:SS] …`; remarks have no clock. */
const dated = /^\S+ (\d{4}-\d\d-\d\d) (?:\[(\d\d):(\d\d)(?::(\d\d))?\] )?(.*)$/s;
const spoken = /^<([^>]+)> ?(.*)$/s;
const acted = /^ ?\* (\S+) ?(.*)$/s;
/** Who speaks where no nick says it. */
const nobody = 'irc';

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
  const clock = new Clock(/\d{4}-\d\d-\d\d/.exec(file)?.[0]);
  return lines.map((raw, index) => {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const full = dated.exec(line);
    const short = full ? null : clockOnly.exec(line);
    if (full) clock.dated(full[1] ?? '', full[2], full[3], full[4]);
    else if (short) clock.bare(short[1], short[2], short[3]);
    return { id: idOf(channel, file, index + 1, line), ts: clock.now, ...said(full?.[5] ?? short?.[4] ?? line, line) };
  });
}

/** The times of one file's lines; never backwards. */
class Clock {
  now: number;
  #day: number;

  /** `date` is the file's, if its name says one. */
  constructor(date: string | undefined) {
    const start = Date.parse(`${date}T00:00:00Z`);
    this.#day = Number.isNaN(start) ? 0 : start;
    this.now = this.#day;
  }

  dated(date: string, hours = '00', minutes = '00', seconds = '00'): void {
    this.#reach(Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`));
  }

  bare(hours = '00', minutes = '00', seconds = '00'): void {
    const inDay = Number(hours) * hour + Number(minutes) * 60_000 + Number(seconds) * 1_000;
    if (this.now - (this.#day + inDay) > hour) this.#day += day;
    this.#reach(this.#day + inDay);
  }

  #reach(ts: number): void {
    if (ts > this.now) this.now = ts;
  }
}

function said(rest: string, line: string): Pick<IrcEvent, 'from' | 'kind' | 'body'> {
  if (rest.startsWith('===')) return { from: nobody, kind: 'note', body: { text: rest } };
  const message = spoken.exec(rest);
  if (message) return { from: nick(message[1]), kind: 'message', body: { text: message[2] ?? '' } };
  const action = acted.exec(rest);
  if (action) return { from: nick(action[1]), kind: 'action', body: { text: action[2] ?? '' } };
  return { from: nobody, kind: 'message', body: { text: line } };
}

function nick(text = ''): string {
  const user = encodeName(text);
  return isUser(user) ? user : nobody;
}

/** A UUID v8 (RFC 9562, section 5.8) of what names the line. */
function idOf(channel: string, file: string, number: number, line: string): string {
  const bytes = createHash('sha256')
    .update(JSON.stringify([channel, file, number, line]))
    .digest()
    .subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
