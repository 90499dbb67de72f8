import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { familyOf } from './family.ts';
import { isFree } from './ports.ts';
import type { RealServer } from './server.ts';

/** A server with one request of its own: what it is asked over the wire. */
export interface Talk {
  /** One that needs no data, answered within `patience` ms, or rejected. */
  ping(port: number, patience?: number): Promise<unknown>;
  /** Writes something down; left out where the server keeps nothing. */
  write?(port: number): Promise<void>;
  /** Whether that is there. */
  written?(port: number): Promise<boolean>;
}

/** The life of a server, one step after the other. */
export function livesAsPromised(start: () => Promise<RealServer>, { ping, write, written }: Talk): void {
  let server: RealServer;
  const family = (): number[] => familyOf(server.folder, server.pid === 0 ? [] : [server.pid]);
  before(async () => {
    server = await start();
  });
  after(() => server[Symbol.asyncDispose]());

  it('answers', async () => {
    assert.ok(family().includes(server.pid));
    assert.match(server.url, new RegExp(`^\\w+://.*127\\.0\\.0\\.1:${server.port}(/|$)`));
    await ping(server.port);
    await write?.(server.port);
  });

  it('answers nothing while it is paused, and is itself afterwards', async () => {
    const { pid } = server;
    server.pause();
    await assert.rejects(ping(server.port, 200), /no answer within 200 ms/);
    server.resume();
    await ping(server.port);
    assert.equal(server.pid, pid);
  });

  it('is killed with all its helpers, paused or not, and comes back with its data', async () => {
    const { port, url } = server;
    for (const paused of [false, true]) {
      const before = family();
      if (paused) server.pause();
      await server.kill();
      assert.deepEqual(family(), []);
      assert.equal(server.pid, 0);
      assert.ok(await isFree(port));
      await assert.rejects(ping(port), /ECONNREFUSED/);
      await server.start();
      assert.ok(!before.includes(server.pid));
      assert.deepEqual([server.port, server.url], [port, url]);
      await ping(port);
      if (written) assert.ok(await written(port));
    }
  });

  it('is emptied', async () => {
    const { port } = server;
    await server.empty();
    assert.equal(server.port, port);
    await ping(port);
    if (written) assert.ok(!(await written(port)));
  });

  it('leaves nothing behind', async () => {
    await server[Symbol.asyncDispose]();
    assert.deepEqual(family(), []);
    assert.ok(!existsSync(server.folder));
    assert.ok(await isFree(server.port));
    // Once more is fine.
    await server[Symbol.asyncDispose]();
  });
}
