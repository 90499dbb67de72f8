import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { holderOf } from './lock-holder.ts';

describe('lock holder', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hubbub-lock-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('is the process that has the lock, for as long as it has it', { skip: process.platform !== 'linux' && 'only Linux tells' }, () => {
    const path = join(folder, 'lock.sqlite');
    assert.equal(holderOf(path), undefined);
    const lock = new DatabaseSync(path);
    assert.equal(holderOf(path), undefined);
    lock.exec('BEGIN EXCLUSIVE');
    assert.equal(holderOf(path), process.pid);
    lock.close();
    assert.equal(holderOf(path), undefined);
  });
});
