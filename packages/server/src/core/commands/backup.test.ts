import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Backup, StoreError } from '../../store/store.ts';
import { nodeStage, type Stage } from '../node.fixture.ts';

/** A node over a store that copies as the test says. */
function withBackup(backup: Backup['backup']): Promise<Stage> {
  return nodeStage({ meddle: (store) => ({ ...store, powers: { ...store.powers, backup: { backup } } }) });
}

describe('backup', () => {
  it('P41 copies to the path and says how many bytes that are; progress is told under the number of the command', async () => {
    const asked: string[] = [];
    const end = Promise.withResolvers<{ bytes: number }>();
    const stage = await withBackup((path, { progress } = {}) => {
      asked.push(path);
      stage.clock.env.timer(300, () => progress?.(0.5));
      return end.promise;
    });
    const link = await stage.link('admin', { loopback: true });
    const req = link.say('backup', { path: '/tmp/copy' });
    await stage.clock.pass(300);
    assert.deepEqual(link.take('progress'), [{ push: 'progress', req, done: 0.5 }]);
    await stage.clock.pass(20_000);
    assert.equal(link.reply(req), undefined, 'it takes as long as it takes');
    end.resolve({ bytes: 4_096 });
    await stage.clock.settle();
    assert.deepEqual(link.reply(req), { res: req, path: '/tmp/copy', bytes: 4_096 });
    assert.deepEqual(asked, ['/tmp/copy']);
  });

  it('P41 takes no path that would be looked for where the server happens to run', async () => {
    const stage = await withBackup(() => assert.fail('begun'));
    const link = await stage.link('admin', { loopback: true });
    for (const path of ['copy', './copy', '~/copy', '', 'file:///copy']) {
      const req = link.say('backup', { path });
      await stage.clock.settle();
      assert.equal(link.refusal(req), 'bad_command', path);
    }
  });

  it('P41 says conflict where the store does, and P47 not_supported where it cannot', async () => {
    const stage = await withBackup(async () => {
      throw new StoreError('conflict', 'something is there');
    });
    const link = await stage.link('admin', { loopback: true });
    const taken = link.say('backup', { path: '/tmp/copy' });
    await stage.clock.settle();
    assert.equal(link.refusal(taken), 'conflict');
    const other = await nodeStage();
    const there = await other.link('admin', { loopback: true });
    const unable = there.say('backup', { path: '/tmp/copy' });
    await other.clock.settle();
    assert.equal(there.refusal(unable), 'not_supported');
  });

  it('P47 is for the administrator, on this machine', async () => {
    const stage = await withBackup(() => assert.fail('begun'));
    for (const link of [await stage.link('ann', { loopback: true }), await stage.link('admin', { loopback: false })]) {
      const req = link.say('backup', { path: '/tmp/copy' });
      await stage.clock.settle();
      assert.equal(link.refusal(req), 'forbidden');
    }
  });

  it('P40 ends with its link, and the node goes on', async () => {
    let signal: AbortSignal | undefined;
    const stage = await withBackup((_, work) => {
      signal = work?.signal;
      return new Promise(() => {});
    });
    const link = await stage.link('admin', { loopback: true });
    link.say('backup', { path: '/tmp/copy' });
    await stage.clock.settle();
    assert.equal(signal?.aborted, false);
    link.sink?.onClosed();
    assert.equal(signal?.aborted, true);
    const next = await stage.link('admin', { loopback: true });
    const req = next.say('ping', {});
    await stage.clock.settle();
    assert.deepEqual(next.reply(req), { res: req });
  });

  it('P40 P36 a node that goes answers it, and then ends the link', async () => {
    let signal: AbortSignal | undefined;
    const stage = await withBackup((_, work) => {
      signal = work?.signal;
      return new Promise(() => {});
    });
    const link = await stage.link('admin', { loopback: true });
    const req = link.say('backup', { path: '/tmp/copy' });
    await stage.clock.settle();
    await stage.node.close();
    assert.deepEqual([link.refusal(req), link.closed, signal?.aborted], ['closing', 'closing', true]);
  });
});
