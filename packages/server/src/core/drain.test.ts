import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeStage } from './node.fixture.ts';

describe('drain', () => {
  it('P36 lets links work on, lets nobody new in, and ends with the last link', async () => {
    const stage = await nodeStage();
    stage.join('room:a', 'ann');
    const link = await stage.link('ann');
    link.say('subscribe', { to: [{ channel: 'room:a' }] });
    await stage.clock.settle();
    let closed = false;
    const closing = stage.node.close(10_000).then(() => {
      closed = true;
    });
    const [bye] = link.take('bye');
    assert.ok(Number(bye?.['after']) > 0 && Number(bye?.['after']) <= 8_001, JSON.stringify(bye));
    assert.equal(stage.node.status().draining, true);
    const late = await stage.link('ben');
    assert.equal(late.closed, 'draining');
    const req = link.say('send', {
      channel: 'room:a',
      events: [{ id: '20000000-0000-7000-8000-000000000001', kind: 'say', body: 1 }],
    });
    await stage.clock.pass(5_000);
    assert.ok(link.reply(req)?.['results'], 'it takes what is sent');
    assert.equal(link.take('events').length, 1, 'and delivers');
    assert.equal(link.closed, undefined);
    assert.equal(closed, false);
    link.sink?.onClosed();
    await closing;
  });

  it('closes what is left when the time is up, and waits no longer when it is told again', async () => {
    const stage = await nodeStage();
    const link = await stage.link('ann');
    const closing = stage.node.close(10_000);
    await stage.clock.pass(9_999);
    assert.equal(link.closed, undefined);
    await stage.clock.pass(1);
    await closing;
    assert.equal(link.closed, 'closing');

    const other = await nodeStage();
    const second = await other.link('ann');
    const waiting = other.node.close(10_000);
    await other.clock.settle();
    void other.node.close();
    await waiting;
    assert.equal(second.closed, 'closing');
  });

  it('spreads the moves over the time', async () => {
    const stage = await nodeStage();
    let drawn = 0;
    stage.clock.env.random = () => (drawn = (drawn + 0.618_034) % 1);
    const links = [];
    for (let at = 0; at < 50; at++) links.push(await stage.link(`u${at}`));
    void stage.node.close(10_000);
    const moments = links.map((link) => Number(link.take('bye')[0]?.['after'])).sort((a, b) => a - b);
    assert.ok((moments[0] ?? 0) < 1_000 && (moments.at(-1) ?? 0) > 7_000, moments.join());
    assert.ok(moments.every((moment, at) => at === 0 || moment - (moments[at - 1] ?? 0) < 1_000));
  });
});
