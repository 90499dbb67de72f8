import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check } from './checker.ts';
import { exitCodeOf, type Findings, findingsOf, foundByLook, type Phase, type Run } from './findings.ts';
import type { Account, History, Sending, Step } from './history.ts';

const channel = 'room:a';
const rate = 1;

/** One sends an event a second for 40 s, the other one is given each of them 10 ms later. A fault struck at 10 s and had healed at 20 s. */
function run(change: (parts: { sendings: Sending[]; steps: Step[]; phase: Phase; run: Run }) => void = () => {}): Findings {
  const sendings: Sending[] = [];
  const steps: Step[] = [];
  for (let offset = 1; offset <= 40; offset++) {
    const at = offset * 1_000 - 500;
    sendings.push({ channel, id: `${offset}`, sentAt: at - 5, ack: { epoch: 'e1', offset, at } });
    steps.push({ what: 'events', at: at + 10, epoch: 'e1', events: [[offset, `${offset}`]] });
  }
  const phase: Phase = {
    fault: 'quake',
    seen: 'it shook',
    spell: { struckAt: 10_000, healedAt: 20_000, until: 40_000 },
    calm: [
      { from: 0, to: 10_000 },
      { from: 30_000, to: 40_000 },
    ],
    foundInCalm: 0,
    found: 0,
  };
  const sender: Account = { name: 'ann', user: 'ann', sendings, steps: {}, holes: 0, garbled: 0, troubles: [] };
  const parts = {
    sendings,
    steps,
    phase,
    run: {
      history: {} as History,
      verdict: check({ accounts: [], log: { epoch: '', channels: {} }, cuts: [] }),
      phases: [],
      rate,
      seed: 1,
      heldMs: 7,
      lacking: [],
      broken: [],
      left: [],
    },
  };
  change(parts);
  const acked = sendings.filter(({ ack }) => ack !== undefined);
  const log = { epoch: 'e1', channels: { [channel]: acked.map(({ id }, at) => ({ offset: at + 1, id, from: 'ann' })) } };
  const reader: Account = { ...sender, name: 'ben', user: 'ben', sendings: [], steps: { [channel]: steps } };
  const history: History = { accounts: [sender, reader], log, cuts: [] };
  return findingsOf({ ...parts.run, history, verdict: check(history), phases: [parts.phase] });
}

describe('findings', () => {
  it('of a run in which everything held', () => {
    const findings = run();
    assert.deepEqual(findings.violations, []);
    assert.equal(exitCodeOf(findings), 0);
    const { acked, delivered, entitled, heldMs, caughtUpMsP99, faultSeen, seed } = findings;
    assert.deepEqual(
      { acked, delivered, entitled, heldMs, caughtUpMsP99, faultSeen, seed },
      {
        ...{ acked: 40, delivered: 40, entitled: 1, heldMs: 7, faultSeen: true, seed: 1 },
        // The first event after it had healed came half a second later.
        caughtUpMsP99: 510,
      },
    );
  });

  it('too little was acknowledged outside the fault', () => {
    const findings = run(({ sendings, steps }) => {
      sendings.splice(35);
      steps.splice(35);
    });
    assert.deepEqual(findings.violations, ['quake: 15 events were acknowledged outside the fault, of 20']);
    assert.equal(exitCodeOf(findings), 1);
  });

  it('the look found something without a fault; with one it may', () => {
    const calm = run(({ phase }) => void Object.assign(phase, { foundInCalm: 2, found: 5 }));
    assert.deepEqual([calm.foundByAntiEntropy, calm.foundInFault, exitCodeOf(calm)], [2, 3, 1]);
    assert.deepEqual(
      calm.faults.map(({ name, foundByLook }) => [name, foundByLook]),
      [['quake', 3]],
    );
    const fault = run(({ phase }) => void Object.assign(phase, { found: 5 }));
    assert.deepEqual([fault.foundByAntiEntropy, fault.foundInFault, exitCodeOf(fault)], [0, 5, 0]);
  });

  it('what the look found, and for how long was held, where nobody is told: not known, which is not nothing', () => {
    const { foundByAntiEntropy, foundInFault, heldMs, violations, faults } = run(({ phase, run }) => {
      Object.assign(phase, { foundInCalm: undefined, found: undefined });
      Object.assign(run, { heldMs: undefined });
    });
    assert.deepEqual([foundByAntiEntropy, foundInFault, heldMs, violations], [null, null, null, []]);
    assert.equal(faults[0]?.foundByLook, null);
  });

  it('what the look found in earlier phases is not counted again, and a server that was started anew counts from 0', () => {
    const counts = { atStart: 5, atStrike: 6, atHealed: 9, atEnd: 11, restarted: false };
    assert.deepEqual(foundByLook(counts), { foundInCalm: 3, found: 6 });
    assert.deepEqual(foundByLook({ ...counts, atHealed: 2, atEnd: 3, restarted: true }), { foundInCalm: 2, found: 4 });
  });

  it('fewer deliveries than were due', () => {
    const findings = run(({ steps }) => void steps.pop());
    assert.ok(findings.violations.includes('I1: 39 deliveries, 40 were due'));
    assert.deepEqual([findings.lost, exitCodeOf(findings)], [1, 1]);
  });

  it('what the history does not show', () => {
    const findings = run(({ run }) => void Object.assign(run, { broken: ['I8: something stayed'] }));
    assert.deepEqual([findings.violations, exitCodeOf(findings)], [['I8: something stayed'], 1]);
  });

  it('a fault that left no trace, or that this machine cannot have, says nothing; a broken promise is one all the same', () => {
    const traceless = run(({ phase }) => void Object.assign(phase, { seen: undefined }));
    assert.deepEqual([traceless.void, traceless.faultSeen, exitCodeOf(traceless)], [['quake left no trace'], false, 2]);
    const lacking = run(({ run }) => void Object.assign(run, { lacking: ['skew: no clock'] }));
    assert.deepEqual([lacking.void, lacking.faultSeen, exitCodeOf(lacking)], [['skew: no clock'], false, 2]);
    const both = run(({ run }) => void Object.assign(run, { lacking: ['skew: no clock'], broken: ['I8'] }));
    assert.equal(exitCodeOf(both), 1);
  });
});
