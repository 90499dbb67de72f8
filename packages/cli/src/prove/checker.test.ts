/** Histories that are right, and the same with one thing wrong: what is wrong is counted, and nothing else is. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check } from './checker.ts';
import type { Account, Cut, Given, History, Logged, Sending, Step } from './history.ts';
import type { Wrong } from './verdict.ts';

const channel = 'room:a';
const ids = ['one', 'two', 'three', 'four'];
const given = (from: number, to: number): Given[] => ids.slice(from - 1, to).map((id, at) => [from + at, id]);
const events = (some: readonly Given[], at: number, epoch = 'e1'): Step => ({ what: 'events', at, epoch, events: some });

interface Draft {
  log: Logged[];
  epoch: string;
  cuts: Cut[];
  sendings: Sending[];
  steps: Step[];
  account: Partial<Account>;
  /** What others were given. */
  others: Step[][];
}

/** Ann sends four events one after the other, each acknowledged at once; she and Ben are given all of them. */
function right(): Draft {
  return {
    log: ids.map((id, at) => ({ offset: at + 1, id, from: 'ann.1' })),
    epoch: 'e1',
    cuts: [],
    sendings: ids.map((id, at) => ({ channel, id, sentAt: at * 10, ack: { epoch: 'e1', offset: at + 1, at: at * 10 + 5 } })),
    steps: [events(given(1, 2), 16), events(given(3, 4), 36)],
    account: {},
    others: [],
  };
}

function history({ log, epoch, cuts, sendings, steps, account, others }: Draft): History {
  const ann = { name: 'ann', user: 'ann.1', sendings, steps: {}, holes: 0, garbled: 0, troubles: [] };
  const ben = { ...ann, name: 'ben', user: 'ben.1', sendings: [], steps: { [channel]: steps }, ...account };
  const rest = others.map((some, at) => ({ ...ann, name: `other ${at}`, user: `${at}`, sendings: [], steps: { [channel]: some } }));
  return { accounts: [ann, ben, ...rest], log: { epoch, channels: { [channel]: log } }, cuts };
}

/** Three and four were acknowledged and given, and then the log was as it had been after two; five came into the new one. */
function rolledBack(draft: Draft): void {
  draft.epoch = 'e2';
  draft.cuts = [{ copiedAt: 18, putBackAt: 40 }];
  draft.log = [...draft.log.slice(0, 2), { offset: 3, id: 'five', from: 'ann.1' }];
  draft.sendings.push({ channel, id: 'five', sentAt: 42, ack: { epoch: 'e2', offset: 3, at: 50 } });
  draft.steps.push(
    { what: 'reset', at: 45, reason: 'new_epoch', epoch: 'e2', offset: 1 },
    events([...given(2, 2), [3, 'five']], 51, 'e2'),
    { what: 'page', at: 52, epoch: 'e2', events: given(1, 1) },
  );
}

const wrongs: readonly Wrong[] = ['lost', 'duplicated', 'gaps', 'reordered', 'phantom', 'resetsWithoutEpoch', 'unanswered', 'troubles'];

/** Plants something into the right history, and answers what is counted. */
function counts(plant: (draft: Draft) => void): Partial<Record<Wrong, number>> {
  const draft = right();
  plant(draft);
  const verdict = check(history(draft));
  const found = Object.fromEntries(wrongs.flatMap((wrong) => (verdict.of(wrong) > 0 ? [[wrong, verdict.of(wrong)]] : [])));
  assert.equal(verdict.violations.length > 0, Object.keys(found).length > 0);
  return found;
}

describe('the checker of histories', () => {
  it('finds nothing wrong with a right one, and counts', () => {
    const verdict = check(history(right()));
    assert.deepEqual(verdict.violations, []);
    assert.deepEqual([verdict.acked, verdict.delivered, verdict.cutOff, verdict.resets], [4, 4, 0, 0]);
  });

  it('I1 lost: acknowledged, and not in the log', () => {
    assert.deepEqual(
      counts(({ log, steps }) => {
        log.pop();
        steps[1] = events(given(3, 3), 36);
      }),
      { lost: 1 },
    );
  });

  it('I1 lost: in the log, and never given to a subscriber', () => {
    assert.deepEqual(
      counts(({ steps }) => void steps.pop()),
      { lost: 2 },
    );
  });

  it('I6 lost: not where it was acknowledged', () => {
    assert.deepEqual(
      counts(({ sendings }) => void Object.assign(sendings[3] ?? {}, { ack: { epoch: 'e1', offset: 5, at: 35 } })),
      { lost: 1 },
    );
  });

  it('I2 duplicated: given twice', () => {
    assert.deepEqual(
      counts(({ steps }) => void steps.splice(1, 0, events(given(2, 2), 20))),
      { duplicated: 1 },
    );
  });

  it('I6 duplicated: twice in the log', () => {
    assert.deepEqual(
      counts(({ log, steps }) => {
        log.push({ offset: 5, id: 'four', from: 'ann.1' });
        steps.push(events([[5, 'four']], 40));
      }),
      { duplicated: 2 },
    );
  });

  it('I3 gaps: an offset was left out', () => {
    assert.deepEqual(
      counts(({ steps }) => void steps.splice(0, 2, events(given(1, 2), 16), events(given(4, 4), 36))),
      { gaps: 1, lost: 1 },
    );
  });

  it('I3 gaps: the SDK saw a hole', () => {
    assert.deepEqual(
      counts((draft) => void Object.assign(draft.account, { holes: 1 })),
      { gaps: 1 },
    );
  });

  it('I3 gaps: another epoch, and nobody said so', () => {
    assert.deepEqual(
      counts((draft) => {
        draft.epoch = 'e2';
        draft.steps[1] = events(given(3, 4), 36, 'e2');
      }),
      { gaps: 1 },
    );
  });

  it('I4 reordered: given after a later one', () => {
    assert.deepEqual(
      counts(({ steps }) => void steps.splice(0, 2, events([...given(1, 1), ...given(3, 3), ...given(2, 2), ...given(4, 4)], 36))),
      { gaps: 1, reordered: 1 },
    );
  });

  it('I4 reordered: sent after an acknowledgement, and before it in the log', () => {
    const later: Sending = { channel, id: 'zero', sentAt: 50, ack: { epoch: 'e1', offset: 1, at: 55 } };
    const found = counts((draft) => {
      draft.log = ['zero', ...ids].map((id, at) => ({ offset: at + 1, id, from: id === 'zero' ? 'ben.1' : 'ann.1' }));
      for (const { ack } of draft.sendings) if (ack) Object.assign(ack, { offset: ack.offset + 1 });
      draft.steps = [events([[1, 'zero'], ...ids.map((id, at): Given => [at + 2, id])], 60)];
      draft.account = { sendings: [later], steps: { [channel]: draft.steps } };
    });
    assert.deepEqual(found, { reordered: 1 });
  });

  it('I4 reordered: not in the order in which one client sent', () => {
    const found = counts((draft) => {
      // All of them at once, so that no acknowledgement says anything about the order.
      draft.sendings = ['two', 'one', 'three', 'four'].map((id) => ({
        channel,
        id,
        sentAt: 0,
        ack: { epoch: 'e1', offset: ids.indexOf(id) + 1, at: 5 },
      }));
    });
    assert.deepEqual(found, { reordered: 1 });
  });

  it('I5 phantom: given, and not in the log', () => {
    assert.deepEqual(
      counts(({ steps }) => void steps.push(events([[5, 'four and a half']], 40))),
      { phantom: 1 },
    );
  });

  it('I5 phantom: in the log, and sent by nobody; or from somebody else; or with another body', () => {
    assert.deepEqual(
      counts(({ log, steps }) => {
        log.push({ offset: 5, id: 'five', from: 'ann.1' });
        steps.push(events([[5, 'five']], 40));
      }),
      { phantom: 1 },
    );
    assert.deepEqual(
      counts(({ log }) => void log.splice(3, 1, { offset: 4, id: 'four', from: 'eve.1' })),
      { phantom: 1 },
    );
    assert.deepEqual(
      counts((draft) => void Object.assign(draft.account, { garbled: 1 })),
      { phantom: 1 },
    );
  });

  it('I11 phantom: one place, two events', () => {
    const found = counts((draft) => {
      rolledBack(draft);
      draft.sendings.push({ channel, id: 'six', sentAt: 60, ack: { epoch: 'e2', offset: 4, at: 65 } });
      draft.log.push({ offset: 4, id: 'six', from: 'ann.1' });
      draft.steps.push(events([[4, 'six']], 66, 'e2'));
      // Whoever else was there was given another third event of the epoch that has ended.
      draft.others.push([events([...given(1, 2), [3, 'six']], 20), ...draft.steps.slice(2)]);
    });
    assert.deepEqual(found, { phantom: 1 });
  });

  it('I11 phantom: a page that says another event of a place that is held', () => {
    const found = counts((draft) => {
      rolledBack(draft);
      draft.steps.push({
        what: 'page',
        at: 53,
        epoch: 'e2',
        events: [
          [1, 'one'],
          [2, 'one more'],
        ],
      });
    });
    assert.deepEqual(found, { phantom: 1 });
  });

  it('I13 resets without a new epoch', () => {
    for (const reason of ['new_epoch', 'too_old', 'beyond_head', 'trimmed']) {
      const found = counts(({ steps }) => {
        steps.splice(
          1,
          0,
          { what: 'reset', at: 20, reason, epoch: 'e1', offset: 2 },
          { what: 'page', at: 21, epoch: 'e1', events: given(1, 2) },
        );
      });
      assert.deepEqual(found, { resetsWithoutEpoch: 1 }, reason);
    }
    // An epoch that nothing in the run accounts for.
    const found = counts((draft) => {
      draft.epoch = 'e2';
      draft.steps.splice(1, 1, { what: 'reset', at: 20, reason: 'new_epoch', epoch: 'e2', offset: 0 }, events(given(1, 4), 36, 'e2'));
    });
    assert.deepEqual(found, { resetsWithoutEpoch: 1 });
  });

  it('I10 unanswered: refused for good, or never answered', () => {
    for (const end of [{ refused: 'too_many' }, {}]) {
      const found = counts(({ sendings }) => void sendings.splice(3, 1, { channel, id: 'four', sentAt: 30, ...end }));
      assert.deepEqual(found, { unanswered: 1 });
    }
  });

  it('troubles: a subscription that ended, a sign-in that was refused', () => {
    assert.deepEqual(
      counts((draft) => void Object.assign(draft.account, { troubles: ['room:a has gone: forbidden'] })),
      { troubles: 1 },
    );
  });
});

describe('the checker of histories, where an older copy was put back', () => {
  it('what it cut off is counted, and is not lost; the reset is in order', () => {
    const draft = right();
    rolledBack(draft);
    const verdict = check(history(draft));
    assert.deepEqual(verdict.violations, []);
    assert.deepEqual([verdict.acked, verdict.cutOff, verdict.delivered, verdict.resets], [5, 2, 3, 1]);
  });

  it('what had been acknowledged before the copy was made may not be gone', () => {
    const found = counts((draft) => {
      rolledBack(draft);
      draft.cuts = [{ copiedAt: 30, putBackAt: 40 }];
    });
    assert.deepEqual(found, { lost: 1 });
  });

  it('what the copy took may not be given any more', () => {
    const found = counts((draft) => {
      rolledBack(draft);
      draft.steps.splice(2, 0, events([[5, 'five']], 41, 'e1'));
    });
    assert.deepEqual(found, { phantom: 1 });
  });

  it('whoever was not told holds what is not there', () => {
    const found = counts((draft) => {
      rolledBack(draft);
      draft.steps.splice(2);
    });
    assert.deepEqual(found, { lost: 1 });
  });

  it('pages that were not read anew are lost', () => {
    const found = counts((draft) => {
      rolledBack(draft);
      draft.steps.pop();
    });
    assert.deepEqual(found, { lost: 1 });
  });
});
