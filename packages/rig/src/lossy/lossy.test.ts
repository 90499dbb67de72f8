import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ReadFrame } from './frame.ts';
import { LossyStream } from './lossy.ts';
import { natsFrame } from './nats.ts';
import { postgresFrame } from './postgres.ts';
import { rabbitmqFrame } from './rabbitmq.ts';
import { redisFrame } from './redis.ts';

/** A frame as a server sends it, and how many bytes somebody has published in it; undefined: none. */
interface Sent {
  readonly bytes: Buffer;
  readonly message?: number;
}

/** What looks like the borders of frames stands in what people publish, too. */
const payload = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom('x', 'ü', '👍', '\r\n', '\r', '\n', '$7', '>3\r\n$7\r\nmessage\r\n', 'MSG a 1 5\r\n', '-ERR', 'A'),
      },
      fc.string({ maxLength: 300 }).map((text) => text.replaceAll('\0', '')),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));
const name = fc.stringMatching(/^[a-z:.-]{1,30}$/);

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const plain = (text: string): Sent => ({ bytes: Buffer.from(text) });

const redis: fc.Arbitrary<Sent> = fc.oneof(
  fc.tuple(fc.constantFrom('>', '*'), name, payload).map(([type, channel, text]) => ({
    bytes: Buffer.from(`${type}3\r\n${bulk('message')}${bulk(channel)}${bulk(text)}`),
    message: Buffer.byteLength(text),
  })),
  fc
    .constantFrom('+PONG\r\n', ':17\r\n', '-ERR no\r\n', '_\r\n', '#t\r\n', ',1.5\r\n', '$-1\r\n', '*-1\r\n', '*0\r\n', '(123\r\n')
    .map(plain),
  name.map((channel) => plain(`>3\r\n${bulk('subscribe')}${bulk(channel)}:1\r\n`)),
  payload.map((text) => plain(bulk(text))),
  payload.map((text) => plain(`%2\r\n+server\r\n${bulk(text)}+modules\r\n*1\r\n~2\r\n:1\r\n*0\r\n`)),
  payload.map((text) => plain(`*3\r\n${bulk('messages')}${bulk(text)}:1\r\n`)),
);

const nats: fc.Arbitrary<Sent> = fc.oneof(
  fc.tuple(name, fc.option(name, { nil: undefined }), payload).map(([subject, reply, text]) => {
    const message = Buffer.byteLength(text);
    return { bytes: Buffer.from(`MSG ${subject} 7 ${reply === undefined ? '' : `${reply} `}${message}\r\n${text}\r\n`), message };
  }),
  fc.tuple(name, payload).map(([subject, text]) => {
    const message = 12 + Buffer.byteLength(text);
    return { bytes: Buffer.from(`HMSG ${subject} 7 12 ${message}\r\nNATS/1.0\r\n\r\n${text}\r\n`), message };
  }),
  fc.constantFrom('PING\r\n', 'PONG\r\n', '+OK\r\n', "-ERR 'Stale Connection'\r\n", 'INFO {"max_payload":1048576}\r\n').map(plain),
);

const tagged = (type: string, body: Buffer): Buffer => {
  const head = Buffer.from([type.charCodeAt(0), 0, 0, 0, 0]);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const postgres: fc.Arbitrary<Sent> = fc.oneof(
  fc.tuple(fc.nat(2 ** 31 - 1), name, name, payload).map(([pid, bucket, channel, text]) => {
    const process = Buffer.alloc(4);
    process.writeUInt32BE(pid);
    const body = Buffer.concat([process, Buffer.from(`${bucket}\0${channel}\n${text}\0`)]);
    return { bytes: tagged('A', body), message: Buffer.byteLength(text) };
  }),
  fc.tuple(fc.constantFrom('R', 'S', 'C', 'D', 'Z', '1', 'T'), payload).map(([type, text]) => ({ bytes: tagged(type, Buffer.from(text)) })),
);

const amqp = (kind: number, ...payload: (number | Buffer)[]): Buffer => {
  const body = Buffer.concat(payload.map((one) => (typeof one === 'number' ? Buffer.from([one]) : one)));
  const head = Buffer.from([kind, 0, kind === 8 ? 0 : 1, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length, 3);
  return Buffer.concat([head, body, Buffer.from([0xce])]);
};
const rabbitmq: fc.Arbitrary<Sent> = fc.oneof(
  fc.tuple(name, name, payload, fc.array(fc.nat(400), { maxLength: 3 })).map(([consumer, channel, text, cuts]) => {
    const content = Buffer.from(`${channel}\n${text}`);
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(content.length));
    const method = amqp(1, 0, 60, 0, 60, Buffer.from(consumer));
    const header = amqp(2, 0, 60, 0, 0, size, 0, 0);
    const bodies = pieces(content, cuts)
      .filter(({ length }) => length > 0)
      .map((piece) => amqp(3, piece));
    return { bytes: Buffer.concat([method, header, ...bodies]), message: Buffer.byteLength(text) };
  }),
  fc.constant({ bytes: amqp(8) }),
  fc.tuple(fc.constantFrom(10, 20, 60), fc.constantFrom(11, 80), name).map(([of, method, text]) => ({
    bytes: amqp(1, 0, of, 0, method, Buffer.from(text)),
  })),
);

/** Cuts a stream anywhere, the middle of a letter included. */
function pieces(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, at) => stream.subarray(from, places[at] ?? stream.length));
}

const servers: readonly [string, ReadFrame, fc.Arbitrary<Sent>][] = [
  ['redis', redisFrame, redis],
  ['nats', natsFrame, nats],
  ['postgres', postgresFrame, postgres],
  ['rabbitmq', rabbitmqFrame, rabbitmq],
];

describe('a lossy stream', () => {
  for (const [server, read, frame] of servers) {
    it(`of ${server} loses the messages it is told to, whole, and nothing else, wherever the bytes are cut`, () => {
      const parts = [fc.array(fc.tuple(frame, fc.boolean()), { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 12 })] as const;
      fc.assert(
        fc.property(...parts, (frames, cuts) => {
          const told = frames.filter(([{ message }]) => message !== undefined);
          const asked: number[] = [];
          const stream = new LossyStream(read, (size) => told[asked.push(size) - 1]?.[1] ?? false);
          const whole = Buffer.concat(frames.map(([{ bytes }]) => bytes));
          let came = 0;
          let heard = Buffer.alloc(0);
          for (const piece of pieces(whole, cuts)) {
            came += piece.length;
            heard = Buffer.concat([heard, stream.take(piece)]);
            // Each comes as soon as it is whole.
            let end = 0;
            const due = frames.filter(([{ bytes, message }, lost]) => {
              end += bytes.length;
              return end <= came && !(lost && message !== undefined);
            });
            assert.deepEqual(heard.toString('latin1'), Buffer.concat(due.map(([{ bytes }]) => bytes)).toString('latin1'));
          }
          assert.deepEqual(
            asked,
            told.map(([{ message }]) => message),
          );
        }),
        { numRuns: 500 },
      );
    });

    it(`of ${server} hands on what it cannot read, as it is`, () => {
      const stream = new LossyStream(read, () => true);
      const bytes = Buffer.from('\xff\0\0\0\0GET / HTTP/1.1\r\n\r\n', 'latin1');
      assert.deepEqual(Buffer.concat([...bytes].map((byte) => stream.take(Buffer.from([byte])))), bytes);
      assert.deepEqual(stream.take(Buffer.from('PING\r\n')), Buffer.from('PING\r\n'));
    });
  }
});
