import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Process } from './process.ts';

const node = (script: string) => ({ command: process.execPath, args: ['-e', script] });
const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('process', () => {
  it('waits for the ready line, collects what is written, and is ended by its id', async () => {
    const started = await Process.start({
      ...node("console.log('up on 42'); console.error('hm'); setInterval(() => {}, 1000)"),
      ready: /up on \d+/,
    });
    assert.equal(started.match(/up on (\d+)/)[1], '42');
    await started.until(() => started.stderr.includes('hm'));
    assert.ok(lives(started.pid));
    assert.deepEqual(await started.kill('SIGTERM'), { code: null, signal: 'SIGTERM' });
    assert.ok(!lives(started.pid));
    assert.deepEqual(await started.kill(), { code: null, signal: 'SIGTERM' });
  });

  it('says what it wrote when it ends before it is ready, or is not ready in time; neither leaves it behind', async () => {
    await assert.rejects(
      Process.start({ ...node("console.error('no luck'); process.exitCode = 3"), ready: /up/ }),
      /ended \(3\).*no luck/s,
    );
    const slow = node('console.log(process.pid); setInterval(() => {}, 1000)');
    let said = '';
    await assert.rejects(Process.start({ ...slow, ready: /never/, patience: 500 }), (error) => {
      said = String(error);
      return /not within 500 ms/.test(said);
    });
    const pid = Number(/\n(\d+)\n/.exec(said)?.[1] ?? 0);
    assert.ok(pid === 0 || !lives(pid));
  });

  it('runs to the end', async () => {
    const ended = await Process.run({ ...node('console.log(process.env.GREETING); process.exitCode = 5'), env: { GREETING: 'hello' } });
    assert.deepEqual(ended, { code: 5, signal: null, stdout: 'hello\n', stderr: '' });
  });

  it('rejects what cannot be started', async () => {
    await assert.rejects(Process.run({ command: '/nowhere/at-all', args: [] }), /ENOENT/);
  });

  it('ends even a stopped process when its owner is done with it', async () => {
    let pid = 0;
    {
      await using started = await Process.start({ ...node("console.log('up'); setInterval(() => {}, 1000)"), ready: /up/ });
      pid = started.pid;
      started.signal('SIGSTOP');
    }
    assert.ok(pid > 0 && !lives(pid));
  });
});
