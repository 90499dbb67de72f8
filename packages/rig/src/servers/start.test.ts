import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { absent } from './present.ts';
import { startServer } from './start.ts';

describe('a server by its name', { skip: absent('redis', 'nats') }, () => {
  it('is the one named', async () => {
    for (const name of ['redis', 'nats'] as const) {
      await using server = await startServer(name);
      assert.equal(server.name, name);
      assert.ok(server.url.startsWith(`${name}://`));
    }
  });
});
