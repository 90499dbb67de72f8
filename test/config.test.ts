/** What `serve` is told by flags, the environment and a file: which goes before which, and what is said of what is wrong. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { Process } from '@hubbub/rig/process';
import { Stage } from './server-rig.ts';

const main = resolve(import.meta.dirname, '../packages/cli/src/main.ts');

describe('the configuration', () => {
  const check = (args: string[], env: Record<string, string> = {}) =>
    Process.run({ command: process.execPath, args: [main, 'serve', '--check-config', ...args], env });

  it('comes from flags before the environment, from that before the file, and from that before what goes without saying', async () => {
    await using stage = new Stage();
    const file = join(stage.folder(), 'hubbub.json');
    // The port is wrong wherever it comes from last: what is said of it names where that was.
    writeFileSync(file, JSON.stringify({ port: 70_001, 'log-level': 'warn' }));
    const port = async (args: string[], env: Record<string, string> = {}): Promise<string | undefined> => {
      const { code, stderr } = await check(args, env);
      return code === 0 ? 'fine' : /--port (\d+)/.exec(stderr)?.[1];
    };
    assert.equal(await port([]), 'fine');
    assert.equal(await port(['--config', file]), '70001');
    assert.equal(await port(['--config', file], { HUBBUB_PORT: '70002' }), '70002');
    assert.equal(await port(['--config', file, '--port', '70003'], { HUBBUB_PORT: '70002' }), '70003');
    assert.equal(await port(['--config', file, '--port', '0'], { HUBBUB_PORT: '70002' }), 'fine');
    assert.equal(await port([], { HUBBUB_CONFIG: file }), '70001');
  });

  it('is only looked at where that is asked for: nothing is started, and no folder made', async () => {
    const { code, stdout } = await check(['--data', '/proc/nowhere']);
    assert.deepEqual([code, stdout], [0, 'the configuration is in order\n']);
  });

  const wrong: [string, string, RegExp][] = [
    ['a member that there is not', '{"prot": 80}', /"prot" is no option; there are port, host, data, .*log-level\n$/],
    ['a flag that belongs on the command line', '{"config": "x"}', /"config" is no option/],
    ['a member of another type', '{"port": {}}', /"port" is a text or a number/],
    ['a value that is wrong', '{"trust-proxy": "localhost"}', /--trust-proxy localhost: addresses, or networks/],
    ['no object', '[]', /a JSON object, such as \{"port": 8080\}/],
    ['no JSON', '{port: 80}', /hubbub\.json: /],
  ];
  for (const [what, text, message] of wrong) {
    it(`says what would be right instead of ${what}`, async () => {
      await using stage = new Stage();
      const file = join(stage.folder(), 'hubbub.json');
      writeFileSync(file, text);
      const { code, stdout, stderr } = await check(['--config', file]);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, message);
      assert.match(stderr, /^hubbub: /);
    });
  }

  it('says that the key that tokens are checked with is none', async () => {
    const { code, stderr } = await check(['--auth', 'jwt', '--jwt-key-file', '/dev/null']);
    assert.equal(code, 2);
    assert.match(stderr, /no public key in PEM/);
  });

  it('says which file it cannot read', async () => {
    const { code, stderr } = await check(['--config', '/nowhere/hubbub.json']);
    assert.equal(code, 2);
    assert.match(stderr, /^hubbub: --config \/nowhere\/hubbub\.json: cannot be read: ENOENT\n$/);
  });
});
