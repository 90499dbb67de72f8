import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import * as frames from './frames.ts';
import { protocolVersion } from './version.ts';

const kept = { protocolVersion: 1, hash: 'e89a4fe3dcb6b23cbefb673708cb5363' };

/** All schemas by name, members sorted, so that only what they say counts and not how it is written down. */
function hashOfSchemas(): string {
  const sorted = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash('sha256').update(JSON.stringify(frames, sorted)).digest('hex').slice(0, 32);
}

describe('wire', () => {
  it('P19: the schemas do not change unsaid', () => {
    assert.deepEqual(
      { protocolVersion, hash: hashOfSchemas() },
      kept,
      'The wire has changed. Say so in PROTOCOL.md and CHANGELOG.md; where an older client or server would not understand it, raise protocolVersion. Then keep the new hash here.',
    );
  });

  it('every frame has a schema that the hash covers', () => {
    const text = JSON.stringify(frames);
    for (const name of Object.keys(frames.commands)) assert.ok(text.includes(`"const":"${name}"`), name);
    for (const push of ['events', 'state', 'inbox', 'signal', 'presence', 'progress', 'problem', 'health', 'bye', 'error'])
      assert.ok(text.includes(`"const":"${push}"`), push);
  });
});
