import type { Buffer } from 'node:buffer';
import type { ReadFrame } from './frame.ts';

const kinds = { method: 1, header: 2, body: 3, heartbeat: 8 };
const known = new Set(Object.values(kinds));
const headBytes = 7;
const endByte = 0xce;
/** basic.deliver, as class and method. */
const deliver = 0x003c_003c;
const newline = 10;
const mostBytes = 1024 * 1_024;

/** One frame of the protocol. */
interface Part {
  readonly kind: number;
  readonly channel: number;
  readonly payload: Buffer;
  readonly end: number;
}

/**
 * What RabbitMQ sends (AMQP 0-9-1, sections 2.3 and 4.2): a message is a delivery, in at least two of the protocol's frames, which here are
 * one, for to lose one of them would break the link. To consumers that acknowledge nothing the numbers of deliveries mean nothing.
 */
export const rabbitmqFrame: ReadFrame = (bytes) => {
  const method = partAt(bytes, 0);
  if (method?.kind !== kinds.method || method.payload.readUInt32BE(0) !== deliver) return method && { end: method.end };
  const header = next(bytes, method, kinds.header);
  if (!header) return undefined;
  // Behind its class and its weight.
  const size = Number(header.payload.readBigUInt64BE(4));
  let [last, came, line] = [header, 0, 0];
  while (came < size) {
    const body = next(bytes, last, kinds.body);
    if (!body) return undefined;
    // Many channels share a key: which of them it is of, the first line of a text says.
    const end = line === 0 ? body.payload.indexOf(newline) : -1;
    if (end >= 0) line = came + end + 1;
    came += body.payload.length;
    last = body;
  }
  return { end: last.end, message: size - line };
};

function next(bytes: Buffer, { channel, end }: Part, kind: number): Part | undefined {
  const part = partAt(bytes, end);
  if (part && (part.kind !== kind || part.channel !== channel)) throw new Error('a delivery that is not in one piece');
  return part;
}

function partAt(bytes: Buffer, at: number): Part | undefined {
  if (bytes.length < at + headBytes) return undefined;
  const [kind, channel, length] = [bytes.readUInt8(at), bytes.readUInt16BE(at + 1), bytes.readUInt32BE(at + 3)];
  if (!known.has(kind) || length > mostBytes || (kind === kinds.method && length < 4) || (kind === kinds.header && length < 12))
    throw new Error('no frame of AMQP');
  const end = at + headBytes + length + 1;
  if (end > bytes.length) return undefined;
  if (bytes[end - 1] !== endByte) throw new Error('a frame of AMQP that does not end');
  return { kind, channel, payload: bytes.subarray(at + headBytes, end - 1), end };
}
