import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bugs } from './bugs/bugs.ts';
import { runSeed } from './run.ts';
import { simulate, simulateBugs } from './sim.ts';

describe('the simulated cluster', () => {
  it('keeps every promise over 100 seeds', async (t) => {
    const report = await simulate(1, 100, () => performance.now());
    t.diagnostic(`${report.events} events, ${report.seedsPerSecond} seeds/s, ${report.cutOff} cut off by rollbacks`);
    assert.deepEqual(report.failures, []);
    assert.deepEqual(report.missing, []);
    assert.ok(report.events >= 100 * 200, 'a seed has 200 events or more, on average');
  });

  it('runs a seed the same way every time, to the last step', async () => {
    const [one, two] = [await runSeed(3), await runSeed(3)];
    assert.equal(one.steps, two.steps);
    assert.equal(one.events, two.events);
    assert.deepEqual(one.counts, two.counts);
  });

  it('strikes at least three times in a seed that is not calm', async () => {
    const { faults } = await runSeed(4);
    assert.ok(faults.length >= 3, faults.join());
  });

  it(`catches each of ${bugs.length} planted bugs within 50 seeds`, async (t) => {
    const reports = await simulateBugs(1, [], ({ name, caught }) => {
      t.diagnostic(caught ? `${name}: seed ${caught.seed}, ${caught.violation.split('\n')[0]}` : `${name}: got away`);
    });
    assert.equal(reports.length, bugs.length);
    assert.deepEqual(
      reports.filter(({ caught }) => !caught).map(({ name }) => name),
      [],
    );
  });

  it('says so when a planted bug no longer fits its file', async () => {
    const [bug] = bugs;
    assert.ok(bug);
    const { runSeeds } = await import('./pool.ts');
    await assert.rejects(
      runSeeds([1], () => false, { ...bug, find: 'this stands nowhere' }),
      /does not fit/,
    );
  });
});
