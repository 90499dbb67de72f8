import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { SecretError, secretFile } from './secret.ts';

describe('secret', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hubbub-secret-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  it('is made once, for its owner alone, and read from then on', () => {
    const path = join(folder, 'secret');
    const made = secretFile(path);
    assert.ok(made.length >= 40);
    assert.equal(modeOf(path), 0o600);
    assert.equal(secretFile(path), made);
    assert.notEqual(secretFile(join(folder, 'other')), made);
    assert.deepEqual(readdirSync(folder).sort(), ['other', 'secret']);
  });

  it('is closed to others again where a copy has opened it', () => {
    const path = join(folder, 'secret');
    secretFile(path);
    chmodSync(path, 0o644);
    secretFile(path);
    assert.equal(modeOf(path), 0o600);
  });

  it('is refused where the file holds none', () => {
    const path = join(folder, 'secret');
    writeFileSync(path, '\n');
    assert.throws(() => secretFile(path), SecretError);
  });
});
