import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { ask } from './ask.ts';
import { livesAsPromised } from './life.contract.ts';
import { absent } from './present.ts';
import { startRedis } from './redis.ts';

describe('redis', { skip: absent('redis') }, () => {
  livesAsPromised(startRedis, {
    ping: (port, patience) => ask(port, 'PING\r\n', (reply) => reply.includes('+PONG\r\n'), patience),
    async write(port) {
      assert.equal(String(await ask(port, 'SET greeting hello\r\n', (reply) => reply.includes('\r\n'))), '+OK\r\n');
    },
    async written(port) {
      return String(await ask(port, 'EXISTS greeting\r\n', (reply) => reply.includes('\r\n'))) === ':1\r\n';
    },
  });
});
