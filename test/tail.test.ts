/** `tail` whose reader stops reading: real processes, a real pipe. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { connect } from '@hubbub/client';
import { adminToken, Stage } from './server-rig.ts';

const channel = 'room:loud';
const events = 3_000;
const size = 14_000;
/** What it may grow by that is offered 42 MB and may print none of them: its own work's garbage, not the 42 MB. */
const growth = 24 * 1_024 * 1_024;

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024;
}

describe('tail', () => {
  it('I8 I3 costs a slow reader no memory, and prints everything when he reads again', async (t) => {
    await using stage = new Stage();
    const server = await stage.serve(stage.folder());
    using undo = new DisposableStack();
    const sender = undo.adopt(connect({ url: server.url, credentials: { token: adminToken(server) } }), (client) => client.close());
    const send = (number: number): Promise<unknown> =>
      sender.send(channel, { kind: 'message', body: { text: `${number} ${'x'.repeat(size)}` } });
    await send(1);
    const tail = await stage.start('tail', channel, '--after', '0', '--data', server.data);
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
    // By its length: to look through all of it at every piece would take the longer the more there is.
    const whole = Array.from({ length: events }, (_, at) => lineLength(at + 1)).reduce((sum, one) => sum + one);
    await tail.until(() => tail.stdout.length >= whole, 60_000);
    const lines = tail.stdout.split('\n').slice(0, -1);
    assert.deepEqual(
      lines.map((line) => Number(line.slice(0, line.indexOf('\t')))),
      Array.from({ length: events }, (_, at) => at + 1),
    );
    assert.ok(!/another history|no longer kept/.test(tail.stderr), tail.stderr);
  });
});

/** Offset, time, who, kind, text. */
function lineLength(number: number): number {
  return `${number}\t2026-01-01T00:00:00.000Z\tadmin\tmessage\t${number} \n`.length + size;
}
