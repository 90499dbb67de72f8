import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Process } from '../process.ts';

const module = join(import.meta.dirname, 'present.ts');

/** What `absent` answers, or throws, where PATH leads nowhere. Folders that PATH seldom has are asked all the same. */
async function absent(names: readonly string[], CI: string): Promise<string> {
  const script = `import { absent } from ${JSON.stringify(module)}; console.log(absent(...${JSON.stringify(names)}))`;
  const env = { PATH: '/nowhere', CI };
  const { stdout, stderr } = await Process.run({ command: process.execPath, args: ['--input-type=module', '-e', script], env });
  return stdout.trim() || (/^Error: (.*)$/m.exec(stderr)?.[1] ?? stderr);
}

describe('what is absent', () => {
  it('is named, each once', async () => {
    assert.equal(await absent(['redis'], ''), 'no redis-server on this machine');
    assert.equal(await absent(['rethinkdb', 'redis', 'redis'], ''), 'no rethinkdb, no redis-server on this machine');
    assert.equal(await absent([], ''), 'false');
  });

  it('is an error with CI=true, except for the one server that nobody can be asked to have', async () => {
    assert.match(await absent(['redis'], 'true'), /^no redis-server on this machine: scripts\/services\.sh/);
    assert.equal(await absent(['rethinkdb'], 'true'), 'no rethinkdb on this machine');
    assert.match(await absent(['rethinkdb', 'redis'], 'true'), /^no rethinkdb, no redis-server on this machine: /);
  });
});
