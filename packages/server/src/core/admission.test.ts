import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Refusal } from '@hubbub/protocol/codes';
import { Admission } from './admission.ts';
import { Clock } from './clock.fixture.ts';
import { nodeStage } from './node.fixture.ts';

function refusal(run: () => void): Refusal | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

describe('admission', () => {
  it('takes 2,000 at once and 1,000 a second, and one more is told to come back', async () => {
    const clock = new Clock();
    const admission = new Admission(clock.env);
    for (let at = 0; at < 2_000; at++)
      assert.equal(
        refusal(() => admission.enter()),
        undefined,
        String(at),
      );
    const { code, retryAfter } = refusal(() => admission.enter()) ?? {};
    assert.equal(code, 'overloaded');
    assert.ok(retryAfter !== undefined && retryAfter > 0);
    await clock.pass(1_000);
    for (let at = 0; at < 1_000; at++)
      assert.equal(
        refusal(() => admission.enter()),
        undefined,
        String(at),
      );
    assert.ok(refusal(() => admission.enter()));
  });

  it('spreads who has to wait over the time that all of them take', () => {
    const clock = new Clock();
    let drawn = 0;
    const env = { ...clock.env, random: () => (drawn = (drawn + 0.618_034) % 1) };
    const admission = new Admission(env, { perSecond: 100, burst: 1 });
    admission.enter();
    const waits = Array.from({ length: 1_000 }, () => refusal(() => admission.enter())?.retryAfter ?? 0);
    assert.ok(Math.max(...waits) <= 10_010, 'ten seconds at a hundred a second');
    for (let second = 0; second < 4; second++) {
      const back = waits.filter((wait) => wait >= second * 1_000 && wait < (second + 1) * 1_000).length;
      assert.ok(back <= 400, `${back} come back in second ${second}`);
    }
    assert.ok(waits.filter((wait) => wait > 5_000).length > 100, 'the later ones later');
  });

  it('closes the link of who comes too early, with the code and the time', async () => {
    const stage = await nodeStage({ hellos: { perSecond: 1, burst: 2 } });
    await stage.link('ann');
    await stage.link('ben');
    const link = await stage.link('cem');
    assert.equal(link.closed, 'overloaded');
    const error = link.take('error')[0]?.['error'] as { code: string; retryAfter: number };
    assert.equal(error.code, 'overloaded');
    assert.ok(error.retryAfter >= 1_000);
    await stage.clock.pass(1_000);
    assert.equal((await stage.link('cem')).closed, undefined);
  });
});
