/** A program that is killed while it sends, at every step, and started again: real processes, a real file, a real server. */
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from '@hubbub/client';
import { fileOutbox } from '@hubbub/client/platform/file-outbox';
import { Process } from '@hubbub/rig/process';
import { adminToken, createRooms, Stage } from './server-rig.ts';

const script = resolve(import.meta.dirname, 'outbox-sender.ts');

describe('an outbox in a file', () => {
  it('I6 delivers once what was kept, wherever its program was killed', { timeout: 240_000 }, async (t) => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    await createRooms(server, 'room:kept');
    const folder = stage.folder();
    const run = (path: string, events: string, killAt: number) =>
      Process.run({ command: process.execPath, args: [script, server.url, adminToken(server), path, events, String(killAt)] });

    const whole = await run(join(folder, 'whole'), 'w1,w2,w3', 0);
    const steps = Number(/^sent in (\d+) steps/m.exec(whole.stdout)?.[1]);
    assert.ok(steps >= 12, whole.stdout + whole.stderr);
    let kept = 0;
    const promised = new Set<string>();
    for (let killAt = 1; killAt <= steps + 4; killAt++) {
      const path = join(folder, `${killAt}`);
      const killed = await run(path, `${killAt}a,${killAt}b,${killAt}c`, killAt);
      if (killed.signal !== 'SIGKILL') break;
      for (const [, text = ''] of killed.stdout.matchAll(/^kept (\w+)$/gm)) promised.add(text);
      const left = await fileOutbox(path).load();
      kept += left.length;
      if (left.length === 0) continue;
      const again = await run(path, '', 0);
      assert.match(again.stdout, /^sent in/m, again.stderr);
      assert.deepEqual(await fileOutbox(path).load(), [], 'nothing is left to send');
    }

    const client = connect({ url: server.url, credentials: { token: adminToken(server) } });
    const page = await client.history<{ text: string }>('room:kept', {});
    client.close();
    const said = page.events.flatMap(({ body }) => body?.text ?? []);
    t.diagnostic(`killed at ${steps} steps; ${kept} events were kept and not acknowledged then; ${said.length} are in the log`);
    assert.equal(new Set(said).size, said.length, 'nothing twice');
    for (const text of promised) assert.ok(said.includes(text), `${text} is lost`);
    assert.ok(promised.size > 10);
  });
});
