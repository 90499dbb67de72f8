import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask } from './ask.ts';
import { livesAsPromised } from './life.contract.ts';
import { startNats } from './nats.ts';
import { absent } from './present.ts';

describe('nats', { skip: absent('nats') }, () => {
  livesAsPromised(startNats, {
    ping: (port, patience) => ask(port, 'CONNECT {"verbose":false}\r\nPING\r\n', (reply) => reply.includes('PONG\r\n'), patience),
  });

  it('says who it is, and hands on what is published', async () => {
    await using server = await startNats();
    const info = String(await ask(server.port, '', (reply) => reply.includes('\r\n')));
    assert.equal((JSON.parse(info.replace(/^INFO /, '')) as { port: number }).port, server.port);
    const talk = 'CONNECT {"verbose":false}\r\nSUB greetings 1\r\nPUB greetings 5\r\nhello\r\nPING\r\n';
    assert.match(String(await ask(server.port, talk, (reply) => reply.includes('PONG'))), /MSG greetings 1 5\r\nhello\r\n/);
  });
});
