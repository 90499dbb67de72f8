import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeStage } from './node.fixture.ts';

describe('a link that was taken for dead', () => {
  it('P17 is given what it missed as soon as it gives a sign of life, though it says no word', async () => {
    const stage = await nodeStage();
    stage.join('room:a', 'ann');
    const link = await stage.link('ann');
    link.say('subscribe', { to: [{ channel: 'room:a' }] });
    await stage.clock.settle();
    link.silentSince = stage.clock.env.now();
    await stage.clock.pass(40_000);
    link.take('events');
    for (let more = 0; more < 5; more++) stage.append('room:a');
    await stage.clock.pass(2_000);
    assert.deepEqual(link.take('events'), [], 'it is dead');
    // It answers pings again; that is no frame.
    link.silentSince = undefined;
    await stage.clock.pass(10_000);
    assert.equal(link.take('events').flatMap(({ events }) => events as unknown[]).length, 5);
    stage.append('room:a');
    await stage.clock.pass(1_000);
    assert.equal(link.take('events').length, 1, 'and is live again');
    assert.equal(link.closed, undefined);
  });
});
