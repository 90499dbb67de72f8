import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { ask } from './ask.ts';
import { askVersions, startKafka } from './kafka.ts';
import { livesAsPromised } from './life.contract.ts';
import { absent } from './present.ts';

const topic = 'greetings';
const exists = 36;

/** CreateTopics (19), version 2: one topic of one partition. Answers its error code; `trial` makes nothing. */
async function create(port: number, trial: boolean): Promise<number> {
  const text = Buffer.from(topic);
  const body = Buffer.concat([
    Buffer.from([0, 19, 0, 2, 0, 0, 0, 7, 0xff, 0xff]),
    Buffer.from([0, 0, 0, 1, 0, text.length]),
    text,
    Buffer.from([0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from([0, 0, 0x27, 0x10, trial ? 1 : 0]),
  ]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  const whole = (reply: Buffer): boolean => reply.length >= 4 && reply.length >= 4 + reply.readInt32BE(0);
  const reply = await ask(port, Buffer.concat([length, body]), whole, 10_000);
  // Length, correlation, throttle time, count, the topic's name.
  return reply.readInt16BE(4 + 4 + 4 + 4 + 2 + text.length);
}

describe('kafka', { skip: absent('kafka') }, () => {
  livesAsPromised(startKafka, {
    ping: askVersions,
    async write(port) {
      assert.equal(await create(port, false), 0);
    },
    async written(port) {
      const code = await create(port, true);
      assert.ok(code === 0 || code === exists, `error ${code}`);
      return code === exists;
    },
  });
});
