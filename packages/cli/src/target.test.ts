import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Process } from '@hubbub/rig/process';
import { CommandError } from './fail.ts';
import { connectTo, type TargetOptions } from './target.ts';

describe('target', () => {
  let data: string;

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'hubbub-target-'));
  });

  afterEach(() => rmSync(data, { recursive: true }));

  function refused(options: Partial<TargetOptions>, exitCode: number, message: RegExp): void {
    assert.throws(
      () => connectTo({ data, ...options }, () => {}),
      (error) => {
        assert.ok(error instanceof CommandError);
        assert.match(error.message, message);
        return error.exitCode === exitCode;
      },
    );
  }

  it('says that no server runs on the folder, and what to do', () => {
    refused({}, 1, /server\.json is not there: no server runs on this folder.*--data.*--url/);
  });

  it('says who holds a folder without a server.json', { skip: process.platform !== 'linux' && 'only Linux tells' }, () => {
    const lock = new DatabaseSync(join(data, 'lock.sqlite'));
    lock.exec('BEGIN EXCLUSIVE');
    refused({}, 1, new RegExp(`process ${process.pid} holds the folder`));
    lock.close();
  });

  it('says that server.json is none', () => {
    for (const text of ['', '{', '{}', '{"url":5}', '{"url":"nowhere"}', 'null']) {
      writeFileSync(join(data, 'server.json'), text);
      refused({}, 1, /does not say where the server is; --url does/);
    }
  });

  it('refuses an address that is none', () => {
    for (const url of ['localhost', 'localhost:8080', 'ftp://x', '']) refused({ url, token: 'x' }, 2, /--url .*http:\/\/HOST:PORT/);
  });

  it("shows the administrator's token to no other machine", () => {
    writeFileSync(join(data, 'admin.token'), 'secret');
    refused({ url: 'http://chat.example:8080' }, 2, /--token is needed/);
    refused({ url: 'http://127.0.0.1.evil.example' }, 2, /--token is needed/);
    refused({ url: 'http://localhost@evil.example' }, 2, /--token is needed/);
  });

  it('gives up at once when the process that served is gone', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(typeof address === 'object' && address);
    server.close();
    await once(server, 'close');
    const child = await Process.start({ command: process.execPath, args: ['-e', ''] });
    await child.exited;
    writeFileSync(join(data, 'admin.token'), 'secret');
    writeFileSync(join(data, 'server.json'), JSON.stringify({ url: `http://127.0.0.1:${address.port}`, pid: child.pid }));
    const { client, trouble } = connectTo({ data }, () => {});
    await assert.rejects(trouble, (error) => error instanceof CommandError && /no server runs.*is gone/.test(error.message));
    client.close();
  });
});
