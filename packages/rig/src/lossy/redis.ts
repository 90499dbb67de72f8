import type { Buffer } from 'node:buffer';
import { lineAt, type ReadFrame } from './frame.ts';

/** Of a number, or of an error in words. */
const mostOfLine = 64 * 1_024;
const ends = '+-:_#,(';
const holds: Readonly<Record<string, number>> = { '*': 1, '~': 1, '>': 1, '%': 2 };
/** As it comes to who has subscribed: in RESP3, and in RESP2. */
const published = /^[>*]3\r\n\$7\r\nmessage\r\n/;

/** What Redis sends, RESP2 or RESP3 (redis.io, "Redis serialization protocol specification"): a message is what came of a PUBLISH. */
export const redisFrame: ReadFrame = (bytes) => {
  const end = endOf(bytes, 0);
  if (end === undefined) return undefined;
  const [head] = published.exec(bytes.toString('latin1', 0, 32)) ?? [];
  if (head === undefined) return { end };
  const payload = endOf(bytes, head.length) ?? end;
  return { end, message: Number(lineAt(bytes, payload, mostOfLine)?.text.slice(1)) };
};

/** Where the value ends that begins at `at`. */
function endOf(bytes: Buffer, at: number): number | undefined {
  if (at >= bytes.length) return undefined;
  const line = lineAt(bytes, at, mostOfLine);
  const type = String.fromCharCode(bytes[at] ?? 0);
  if (!`${ends}$!=${Object.keys(holds).join('')}`.includes(type)) throw new Error(`no type of RESP: ${JSON.stringify(type)}`);
  if (!line || ends.includes(type)) return line?.next;
  const count = Number(line.text.slice(1));
  if (!Number.isInteger(count)) throw new Error(`no length: ${line.text}`);
  const each = holds[type];
  // Of nothing, RESP2 says that there are -1.
  if (each === undefined) return count < 0 ? line.next : within(bytes, line.next + count + 2);
  let next: number | undefined = line.next;
  for (let left = count * each; left > 0 && next !== undefined; left--) next = endOf(bytes, next);
  return next;
}

function within({ length }: Buffer, end: number): number | undefined {
  return end <= length ? end : undefined;
}
