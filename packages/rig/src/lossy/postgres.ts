import type { ReadFrame } from './frame.ts';

const notification = 'A'.charCodeAt(0);
const headBytes = 5;
/** No answer to a broker's connection is as long. */
const mostBytes = 64 * 1_024 * 1_024;
const newline = 10;

/** What PostgreSQL sends (its manual, "Message Formats"; without TLS): a message is what came of a NOTIFY. */
export const postgresFrame: ReadFrame = (bytes) => {
  if (bytes.length < headBytes) return undefined;
  const length = bytes.readUInt32BE(1);
  if (length < 4 || length > mostBytes) throw new Error(`no length of PostgreSQL: ${length}`);
  const end = 1 + length;
  if (end > bytes.length) return undefined;
  if (bytes[0] !== notification) return { end };
  // Behind the number of the process: the name of what was listened to, and the text, each up to a zero. Many channels share a name: which
  // of them it is of, the first line of the text says.
  const text = bytes.indexOf(0, headBytes + 4) + 1;
  const zero = bytes.indexOf(0, text);
  const line = bytes.subarray(text, zero).indexOf(newline) + 1;
  return { end, message: zero - text - line };
};
