import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeStage } from './node.fixture.ts';

describe('a history that begins while a subscription opens', () => {
  /** What the link is told when it subscribes from `position` on a node that does not know yet that the history is another one. */
  const told = async (position: (epochs: { before: string; after: string }) => string) => {
    const { clock, data, link: connect, join, append } = await nodeStage();
    join('room:a', 'ann');
    append('room:a');
    await clock.pass(1_000);
    const link = await connect('ann');
    const before = data.epoch;
    data.renew(data.generation);
    const req = link.say('subscribe', { to: [{ channel: 'room:a', position: position({ before, after: data.epoch }) }] });
    await clock.pass(2_000);
    assert.ok(link.reply(req)?.['results']);
    return link.take('state').filter(({ state }) => state === 'reset');
  };

  it('I13 whoever knows it already, from another node, is not reset again', async () => {
    assert.deepEqual(await told(({ after }) => `2~${after}`), []);
  });

  it('I11 whoever comes from the former one is reset once', async () => {
    const resets = await told(({ before }) => `2~${before}`);
    assert.deepEqual(
      resets.map(({ reason }) => reason),
      ['new_epoch'],
    );
  });
});
