import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Credentials, IdentityAnswer, Who } from './identity.ts';
import { nodeStage } from './node.fixture.ts';

/** Tokens say who they are for, and which one they are: `ann 1`. What becomes of each is for the test to say. */
function stage() {
  const verdicts = new Map<string, Partial<Who> | 'refused' | 'away'>();
  let asked = 0;
  const identify = async (shown: Credentials): Promise<IdentityAnswer> => {
    asked += 1;
    const token = 'token' in shown ? shown.token : `${shown.name} 1`;
    const verdict = verdicts.get(token) ?? {};
    if (verdict === 'away') throw new Error('away');
    if (verdict === 'refused') return { refused: 'unauthorized', text: 'no more' };
    return { who: { user: token.split(' ')[0] ?? '', rights: [], ...verdict }, token };
  };
  return { verdicts, identify, asked: () => asked };
}

describe('sign-in', () => {
  it('I7: ends a link at the very moment, though nothing goes over it', async () => {
    const { verdicts, identify } = stage();
    const node = await nodeStage({ identify });
    verdicts.set('ann 1', { expires: node.clock.env.now() + 4_000 });
    const ann = await node.link('ann');
    assert.equal((ann.frames.find((frame) => frame['res'] === 1) as { expiresIn?: number }).expiresIn, 4_000);
    await node.clock.pass(3_999);
    assert.equal(ann.closed, undefined);
    await node.clock.pass(1);
    assert.equal(ann.closed, 'unauthorized');
  });

  it('goes on with a newer token of the same user', async () => {
    const { verdicts, identify } = stage();
    const node = await nodeStage({ identify });
    verdicts.set('ann 1', { expires: node.clock.env.now() + 4_000 });
    verdicts.set('ann 2', { expires: node.clock.env.now() + 60_000 });
    const ann = await node.link('ann');
    await node.clock.pass(3_000);
    const req = ann.say('refresh', { token: 'ann 2' });
    await node.clock.settle();
    assert.deepEqual(ann.reply(req), { res: req, expiresIn: 57_000 });
    await node.clock.pass(50_000);
    assert.equal(ann.closed, undefined);
    await node.clock.pass(7_000);
    assert.equal(ann.closed, 'unauthorized');
  });

  it('ends with a token of somebody else, or one that is none; and goes on where that cannot be told', async () => {
    const { verdicts, identify } = stage();
    const node = await nodeStage({ identify });
    verdicts.set('ann 2', 'refused');
    verdicts.set('ann 3', 'away');
    for (const token of ['ben 1', 'ann 2']) {
      const ann = await node.link('ann');
      ann.say('refresh', { token });
      await node.clock.settle();
      assert.equal(ann.closed, 'unauthorized', token);
    }
    const ann = await node.link('ann');
    const req = ann.say('refresh', { token: 'ann 3' });
    await node.clock.settle();
    assert.deepEqual(ann.reply(req)?.['error'], { code: 'unavailable', text: 'who you are cannot be told at the moment', retryAfter: 500 });
    assert.equal(ann.closed, undefined);
  });

  it('I7: is asked about again when something concerns its user, with the newest token, until there is an answer', async () => {
    const { verdicts, identify } = stage();
    const node = await nodeStage({ identify });
    const ann = await node.link('ann');
    const ben = await node.link('ben');
    ann.say('refresh', { token: 'ann 2' });
    await node.clock.settle();
    verdicts.set('ann 2', 'away');
    verdicts.set('ann 1', 'refused');
    verdicts.set('ben 1', 'refused');
    const concern = (): void => node.append('user:ann', { kind: 'revoke', concerns: ['ann'] });
    concern();
    await node.clock.pass(5_000);
    assert.equal(ann.closed, undefined);
    verdicts.set('ann 2', 'refused');
    await node.clock.pass(1_000);
    assert.equal(ann.closed, 'unauthorized');
    // What concerned ann was nothing to ben.
    assert.equal(ben.closed, undefined);
  });

  it('I7: gives nothing and takes nothing while it cannot be told whether its token holds, and misses nothing of it', async () => {
    const { verdicts, identify } = stage();
    const node = await nodeStage({ identify, mayRead: () => true });
    const ann = await node.link('ann');
    ann.say('subscribe', { to: [{ channel: 'room:a', position: '0' }] });
    await node.clock.settle();
    verdicts.set('ann 1', 'away');
    node.append('user:ann', { kind: 'revoke', concerns: ['ann'] });
    await node.clock.pass(600);
    ann.take('events');
    node.append('room:a');
    const req = ann.say('history', { channel: 'room:a' });
    await node.clock.pass(3_000);
    assert.deepEqual(ann.take('events'), []);
    assert.equal(ann.refusal(req), 'unavailable');
    verdicts.delete('ann 1');
    await node.clock.pass(1_000);
    assert.equal(ann.take('events').length, 1);
    assert.equal(ann.closed, undefined);
  });

  it('is over with its link: nothing is asked or timed for one that has gone', async () => {
    const { verdicts, identify, asked } = stage();
    const node = await nodeStage({ identify });
    verdicts.set('ann 1', 'away');
    const ben = await node.link('ben');
    verdicts.set('ben 1', 'away');
    node.append('user:ben', { kind: 'revoke', concerns: ['ben'] });
    await node.clock.pass(2_000);
    ben.sink?.onClosed();
    const before = asked();
    await node.clock.pass(20_000);
    assert.equal(asked(), before);
  });
});
