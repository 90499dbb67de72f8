/** `tail` whose reader stops reading: real processes, a real pipe. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { connect } from '@hubbub/client';
import { adminToken, Stage } from './server-rig.ts';

const channel = 'room:loud';
const events = 6_000;
const size = 14_000;
/** What it may grow by that is offered 84 MB and may print none of them: its own work's garbage, not the 84 MB. */
const growth = 40 * 1_024 * 1_024;

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
}

describe('tail', () => {
  it('I8 I3 costs a slow reader no memory, and prints everything when he reads again', async (t) => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    const sender = connect({ url: server.url, credentials: { token: adminToken(server) } });
    const send = (number: number): Promise<unknown> =>
      sender.send(channel, { kind: 'message', body: { text: `${number} ${'x'.repeat(size)}` } });
    const tail = await stage.start('tail', channel, '--after', '0', '--data', server.data);
    await send(1);
    await tail.until(() => tail.stdout.includes('\n'));
    tail.read(false);
    const before = residentBytes(tail.pid);
    let most = before;
    for (let sent = 1; sent < events; sent += 100) {
      await Promise.all(Array.from({ length: Math.min(100, events - sent) }, (_, at) => send(sent + at + 1)));
      most = Math.max(most, residentBytes(tail.pid));
    }
    t.diagnostic(`${Math.round((events * size) / 1e6)} MB offered; tail grew by ${Math.round((most - before) / 1e6)} MB`);
    assert.ok(most - before < growth, `${most - before} bytes`);

    tail.read(true);
    let lines = 0;
    let seen = 0;
    await tail.until(() => {
      // From where the last look ended: what has been printed is long.
      for (let next = tail.stdout.indexOf('\n', seen); next >= 0; next = tail.stdout.indexOf('\n', seen)) {
        lines += 1;
        assert.ok(tail.stdout.startsWith(`${lines}\t`, seen), `line ${lines}: ${tail.stdout.slice(seen, seen + 40)}`);
        seen = next + 1;
      }
      return lines === events;
    });
    sender.close();
    assert.ok(!/another history|no longer kept/.test(tail.stderr), tail.stderr);
  });
});
