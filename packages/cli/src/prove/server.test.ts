import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Server } from './server.ts';

describe('a server that is proved', () => {
  it('has not found nothing where it does not say what it has found', async () => {
    const data = mkdtempSync(join(tmpdir(), 'hubbub-prove-'));
    writeFileSync(join(data, 'admin.token'), 'secret');
    const answers: [status: number, text: string][] = [
      [200, 'hubbub_branches_total{branch="look_found"} 7\n'],
      [200, 'hubbub_branches_total{branch="held_ms"} 7\n'],
      [503, '{"code":"unavailable"}'],
      [401, '{"code":"unauthorized","links":3}'],
    ];
    const http = createServer((_, response) => {
      const [status, text] = answers.shift() ?? [500, ''];
      response.writeHead(status).end(text);
    }).listen(0, '127.0.0.1');
    try {
      await once(http, 'listening');
      await using server = new Server(data);
      server.port = (http.address() as AddressInfo).port;
      assert.equal(await server.foundByLook(), 7);
      assert.equal(await server.foundByLook(), 0, 'what never came about is not among the counts');
      await assert.rejects(server.foundByLook(), /\/metrics with 503.*unavailable/);
      await assert.rejects(server.numbers(), /\/v1\/node with 401/);
    } finally {
      http.close();
      http.closeAllConnections();
      rmSync(data, { recursive: true });
    }
  });
});
