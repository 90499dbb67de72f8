import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeStage } from '../node.fixture.ts';

describe('epoch', () => {
  it('P44 begins a new history: whoever reads is reset, and goes on in it; the log is as it was', async () => {
    const stage = await nodeStage();
    stage.join('room:a', 'ann');
    stage.append('room:a');
    await stage.clock.pass(1_000);
    const former = stage.data.epoch;
    const reader = await stage.link('ann');
    reader.say('subscribe', { to: [{ channel: 'room:a' }] });
    await stage.clock.pass(1_000);
    reader.take('state');
    const admin = await stage.link('admin', { loopback: true });
    const req = admin.say('epoch', {});
    await stage.clock.pass(1_000);
    assert.notEqual(stage.data.epoch, former);
    assert.deepEqual(admin.reply(req), { res: req, epoch: stage.data.epoch });
    const [reset] = reader.take('state');
    assert.deepEqual([reset?.['state'], reset?.['reason'], reset?.['position']], ['reset', 'new_epoch', `0~${stage.data.epoch}`]);
    stage.append('room:a');
    await stage.clock.pass(1_000);
    const events = reader
      .take('events')
      .map(({ epoch, events: some }) => [epoch, (some as { offset: number }[]).map(({ offset }) => offset)]);
    assert.deepEqual(events, [
      [stage.data.epoch, [1, 2]],
      [stage.data.epoch, [3]],
    ]);
  });

  it('P44 every time anew', async () => {
    const stage = await nodeStage();
    const admin = await stage.link('admin', { loopback: true });
    const epochs = new Set([stage.data.epoch]);
    for (let at = 0; at < 3; at++) {
      const req = admin.say('epoch', {});
      await stage.clock.settle();
      epochs.add(String(admin.reply(req)?.['epoch']));
    }
    assert.deepEqual([epochs.size, epochs.has('undefined')], [4, false]);
  });

  it('P47 is for the administrator, on this machine, and of a store that can', async () => {
    const stage = await nodeStage();
    const former = stage.data.epoch;
    for (const link of [await stage.link('ann', { loopback: true }), await stage.link('admin', { loopback: false })]) {
      const req = link.say('epoch', {});
      await stage.clock.settle();
      assert.equal(link.refusal(req), 'forbidden');
    }
    assert.equal(stage.data.epoch, former);
    const unable = await nodeStage({ meddle: (store) => ({ ...store, powers: {} }) });
    const link = await unable.link('admin', { loopback: true });
    const req = link.say('epoch', {});
    await unable.clock.settle();
    assert.equal(link.refusal(req), 'not_supported');
  });
});
