import { lineAt, type ReadFrame } from './frame.ts';

/** INFO is the longest. */
const mostOfLine = 64 * 1_024;

/** What NATS sends (docs.nats.io, "Client protocol"): lines, and behind those that begin with MSG or HMSG so many bytes as they say. */
export const natsFrame: ReadFrame = (bytes) => {
  const line = lineAt(bytes, 0, mostOfLine);
  if (!line) return undefined;
  const [word = '', ...rest] = line.text.split(/[ \t]+/);
  if (/^(INFO|PING|PONG|\+OK|-ERR)$/i.test(word)) return { end: line.next };
  const message = Number(rest.at(-1) ?? Number.NaN);
  if (!/^H?MSG$/i.test(word) || !Number.isInteger(message)) throw new Error(`no line of NATS: ${line.text.slice(0, 40)}`);
  const end = line.next + message + 2;
  return end <= bytes.length ? { end, message } : undefined;
};
