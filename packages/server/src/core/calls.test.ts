import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Refusal } from '@hubbub/protocol/codes';
import { nodeStage } from './node.fixture.ts';

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
  );
const draft = { id: '30000000-0000-7000-8000-000000000001', kind: 'say', body: 1 };

describe('calls', () => {
  it('I6 P27 write to the log like a link, and are read like one', async () => {
    const { node, join, clock } = await nodeStage();
    join('room:a', 'ann');
    const first = node.calls.send('ann', { channel: 'room:a', events: [draft] });
    await clock.settle();
    const again = node.calls.send('ann', { channel: 'room:a', events: [draft] });
    await clock.settle();
    const results = [...(await first).results, ...(await again).results] as { offset: number; duplicate?: boolean }[];
    assert.deepEqual(
      results.map(({ offset, duplicate }) => [offset, duplicate]),
      [
        [2, undefined],
        [2, true],
      ],
    );
    const page = node.calls.history('ann', { channel: 'room:a' });
    await clock.settle();
    assert.equal((JSON.parse(await page) as { head: number }).head, 2);
    assert.equal(
      await codeOf(Promise.race([node.calls.facts('ben', { channel: 'room:a' }), clock.settle().then(() => undefined)])),
      'forbidden',
    );
  });

  it('I7 are refused when a sign-in has ended, by the clock of the moment', async () => {
    const { node, clock } = await nodeStage({
      identify: async () => ({ who: { user: 'ann', rights: [], expires: 2_000 } }),
    });
    assert.equal((await node.calls.who('x')).user, 'ann');
    await clock.pass(2_000);
    assert.equal(await codeOf(node.calls.who('x')), 'unauthorized');
  });

  it('I10 say so when it cannot be told who it is, or when guests get no token', async () => {
    const broken = await nodeStage({ identify: () => Promise.reject(new Error('away')) });
    assert.equal(await codeOf(broken.node.calls.who('x')), 'unavailable');
    const silent = await nodeStage({ identify: () => new Promise(() => {}) });
    const asked = codeOf(silent.node.calls.who('x'));
    await silent.clock.pass(2_000);
    assert.equal(await asked, 'unavailable');
    const strict = await nodeStage({ identify: async () => ({ refused: 'unauthorized', text: 'no' }) });
    assert.equal(await codeOf(strict.node.calls.signIn('Ann')), 'unauthorized');
    const tokenless = await nodeStage({ identify: async () => ({ who: { user: 'ann', rights: [] } }) });
    assert.equal(await codeOf(tokenless.node.calls.signIn('Ann')), 'unauthorized');
  });

  it('P36 are answered `closing` from the end of the drain on', async () => {
    const { node, link, clock } = await nodeStage();
    await link('ann');
    const closing = node.close(5_000);
    assert.equal((await node.calls.who('ann')).user, 'ann');
    await clock.pass(5_000);
    assert.equal(await codeOf(node.calls.who('ann')), 'closing');
    await closing;
  });
});
