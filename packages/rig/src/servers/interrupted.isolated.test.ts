/** Whoever started servers and ends without a word leaves nothing of them behind: no process, no port, no folder, no shared memory. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Process } from '../process.ts';
import { familyOf } from './family.ts';
import { isFree } from './ports.ts';
import { absent } from './present.ts';
import { segmentsOf } from './shared-memory.fixture.ts';
import { until } from './until.ts';

const program = join(import.meta.dirname, 'owner.fixture.ts');
const lives = (pid: number): boolean => familyOf('/nowhere', [pid]).includes(pid);
describe('an owner that ends without a word', { skip: absent('redis', 'postgres', 'rabbitmq') }, () => {
  /** Where it makes its folders. */
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hubbub-interrupted-'));
    // PostgreSQL is not root.
    chmodSync(folder, 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));

  const start = (end: string, ...names: string[]): Promise<Process> =>
    Process.start({
      command: process.execPath,
      args: [program, end, ...names],
      env: { TMPDIR: folder },
      ...(end === 'early' ? {} : { ready: /^up .*\n/m }),
    });

  /** Ends the owner, and asks for all that it had started. */
  async function leavesNothing(owner: Process, how: () => void): Promise<void> {
    const ports = owner.stdout === '' ? [] : (JSON.parse(owner.match(/^up (.*)/m)[1] ?? '') as number[]);
    const family = familyOf(folder, [owner.pid]);
    // Itself, the keeper, and at least one of its servers.
    assert.ok(family.length >= 3, `${family.length} processes`);
    how();
    await owner.exited;
    await until('all is gone', () => !family.some(lives) && readdirSync(folder).length === 0);
    assert.deepEqual(family.filter(lives), []);
    assert.deepEqual(familyOf(folder, []), []);
    assert.deepEqual(readdirSync(folder), []);
    assert.deepEqual(segmentsOf(family), []);
    for (const port of ports) assert.ok(await isFree(port), `port ${port} is taken`);
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
    it(`${signal}`, async () => {
      await using owner = await start('stay', 'redis', 'postgres');
      await leavesNothing(owner, () => owner.signal(signal));
    });
  }

  it('SIGTERM, and it had paused them', async () => {
    await using owner = await start('pause', 'redis', 'postgres');
    await leavesNothing(owner, () => owner.signal('SIGTERM'));
  });

  it('SIGTERM while they start', async () => {
    await using owner = await start('early', 'postgres');
    await until('something runs', () => familyOf(folder, []).length > 0);
    await leavesNothing(owner, () => owner.signal('SIGTERM'));
  });

  it('SIGINT, and one has helpers of several sessions', async () => {
    await using owner = await start('stay', 'rabbitmq');
    await leavesNothing(owner, () => owner.signal('SIGINT'));
  });

  for (const end of ['throw', 'leave']) {
    it(`${end}`, async () => {
      await using owner = await start(end, 'redis', 'postgres');
      await leavesNothing(owner, () => owner.signal('SIGUSR2'));
    });
  }
});
