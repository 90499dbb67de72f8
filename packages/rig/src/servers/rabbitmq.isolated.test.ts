import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { ask } from './ask.ts';
import { livesAsPromised } from './life.contract.ts';
import { absent } from './present.ts';
import { greet, startRabbitmq } from './rabbitmq.ts';

const short = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const long = (value: number): Buffer => Buffer.concat([short(value >>> 16), short(value & 65_535)]);
const name = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

/** A method frame: its class and number, then its arguments. */
function method(channel: number, of: number, number: number, ...parts: Buffer[]): Buffer {
  const payload = Buffer.concat([short(of), short(number), ...parts]);
  return Buffer.concat([Buffer.from([1]), short(channel), long(payload.length), payload, Buffer.from([0xce])]);
}

/** Signs in and declares a durable queue; passive: only asks whether it is there. RabbitMQ takes all of it at once. */
function declare(passive: boolean): Buffer {
  const login = '\0guest\0guest';
  return Buffer.concat([
    Buffer.from('AMQP\0\0\x09\x01', 'latin1'),
    method(0, 10, 11, long(0), name('PLAIN'), long(login.length), Buffer.from(login), name('en_US')),
    method(0, 10, 31, short(2_047), long(131_072), short(0)),
    method(0, 10, 40, name('/'), name(''), Buffer.from([0])),
    method(1, 20, 10, name('')),
    method(1, 50, 10, short(0), name('greetings'), Buffer.from([passive ? 3 : 2]), long(0)),
  ]);
}

/** Queue.DeclareOk and Channel.Close, as they begin. */
const [declared, refused] = [Buffer.from([0, 50, 0, 11]), Buffer.from([0, 20, 0, 40])];

async function queue(port: number, passive: boolean): Promise<boolean> {
  const reply = await ask(port, declare(passive), (bytes) => bytes.includes(declared) || bytes.includes(refused), 10_000);
  return reply.includes(declared);
}

describe('rabbitmq', { skip: absent('rabbitmq') }, () => {
  livesAsPromised(startRabbitmq, {
    ping: greet,
    async write(port) {
      assert.ok(await queue(port, false));
    },
    written: (port) => queue(port, true),
  });
});
