import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Checkable, StoreError } from '../../store/store.ts';
import { nodeStage, type Stage } from '../node.fixture.ts';

/** A node over a store that is checked as the test says. */
function withCheck(check: Checkable['check']): Promise<Stage> {
  return nodeStage({ meddle: (store) => ({ ...store, powers: { checkable: { check } } }) });
}

describe('check', () => {
  it('P42 says what it has read; what is wrong is told before', async () => {
    const stage = await withCheck(async (report) => {
      for (const text of ['one', 'two']) report(text);
      return { channels: 1, events: 2, facts: 3 };
    });
    const link = await stage.link('admin', { loopback: true });
    const req = link.say('check', {});
    await stage.clock.settle();
    assert.deepEqual(link.reply(req), { res: req, channels: 1, events: 2, facts: 3, problems: 2 });
    assert.ok(link.frames.findIndex(({ push }) => push === 'problem') < link.frames.findIndex(({ res }) => res === req));
    assert.deepEqual(link.take('problem'), [
      { push: 'problem', req, text: 'one' },
      { push: 'problem', req, text: 'two' },
    ]);
  });

  it('P42 I8 counts what a full link has no room for, and keeps none of it', async () => {
    const stage = await withCheck(async (report) => {
      report('told');
      link.full = true;
      for (let at = 0; at < 10_000; at++) report('not told');
      link.full = false;
      report('told');
      return { channels: 0, events: 0, facts: 0 };
    });
    const link = await stage.link('admin', { loopback: true });
    const req = link.say('check', {});
    await stage.clock.settle();
    assert.equal(link.reply(req)?.['problems'], 10_002);
    assert.deepEqual(
      link.take('problem').map(({ text }) => text),
      ['told', 'told'],
    );
  });

  it('says that it could not be read to its end: what was counted by then is no count', async () => {
    const stage = await withCheck(async (report) => {
      report('one');
      throw new StoreError('unavailable', 'the page is gone');
    });
    const link = await stage.link('admin', { loopback: true });
    const req = link.say('check', {});
    await stage.clock.settle();
    assert.equal(link.refusal(req), 'unavailable');
    assert.match(JSON.stringify(link.reply(req)), /the rest of the store cannot be read: the page is gone/);
  });

  it('P47 is for the administrator, on this machine, and of a store that can', async () => {
    const stage = await withCheck(() => assert.fail('begun'));
    for (const link of [await stage.link('ann', { loopback: true }), await stage.link('admin', { loopback: false })]) {
      const req = link.say('check', {});
      await stage.clock.settle();
      assert.equal(link.refusal(req), 'forbidden');
    }
    const unable = await nodeStage({ meddle: (store) => ({ ...store, powers: {} }) });
    const link = await unable.link('admin', { loopback: true });
    const req = link.say('check', {});
    await unable.clock.settle();
    assert.equal(link.refusal(req), 'not_supported');
  });

  it('P42 finds nothing in a log that is in order', async () => {
    const stage = await nodeStage();
    for (let at = 0; at < 5; at++) stage.append('room:a');
    stage.join('room:b', 'ann');
    const link = await stage.link('admin', { loopback: true });
    const req = link.say('check', {});
    await stage.clock.settle();
    assert.deepEqual(link.reply(req), { res: req, channels: 2, events: 6, facts: 1, problems: 0 });
  });
});
