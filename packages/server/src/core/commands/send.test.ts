import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryData } from '../../store/memory/data.ts';
import { openMemory } from '../../store/memory/memory.ts';
import { Appender } from '../appender.ts';
import type { Authority, Verdict } from '../authority.ts';
import { Clock } from '../clock.fixture.ts';
import { History } from '../history.ts';
import { Session } from '../session.ts';
import type { Caller, CommandParts } from './context.ts';
import { send } from './send.ts';

type Admit = (kind: string) => Promise<Verdict> | Verdict;

/** A node's send over memory; `admit` is what the authority says, by kind. */
function stage(admit: Admit) {
  const clock = new Clock();
  let drawn = 0;
  const random = (): number => {
    drawn = (drawn + 0.137) % 1;
    return drawn;
  };
  const data = createMemoryData({ now: () => 1, random });
  const history = new History(clock.env, openMemory(data), () => {});
  const authority = { admit: async (_who, _channel, { kind }) => admit(kind) } as Pick<Authority, 'admit'> as Authority;
  const parts: CommandParts = {
    env: clock.env,
    authority,
    history,
    appender: new Appender(clock.env, history, () => {}),
    held: () => false,
  };
  const caller = { who: { user: 'ann', rights: [] }, session: new Session(), mustHold: () => {} } as unknown as Caller;
  let ids = 0;
  const draft = (kind: string, id?: string) => {
    ids += 1;
    return { id: id ?? `00000000-0000-7000-8000-${String(ids).padStart(12, '0')}`, kind, body: {} };
  };
  return {
    data,
    history,
    clock,
    parts,
    caller,
    draft,
    give: (events: ReturnType<typeof draft>[]) => send(parts, caller, { channel: 'room:a', events }),
  };
}

const yes: Verdict = { ok: true, counts: true };
const no: Verdict = { ok: false, code: 'forbidden', text: 'not here' };
const codes = (results: readonly object[]): unknown[] =>
  results.map((one) => ('error' in one ? (one.error as { code: string }).code : (one as { offset: number }).offset));

describe('send', () => {
  it('I4 P28 ends the list after what the authority refuses; what was sent after it is not written', async () => {
    const { give, draft, data } = stage((kind) => (kind === 'no' ? no : yes));
    const { reply } = await give([draft('say'), draft('no'), draft('say')]);
    assert.deepEqual(codes(reply.results), [1, 'forbidden']);
    assert.equal(data.log('room:a').standing.head, 1);
  });

  it('P28 goes on after what is refused for its form', async () => {
    const { give, draft } = stage(() => yes);
    const { reply } = await give([draft('say'), draft('say', 'no-uuid'), draft('say')]);
    assert.deepEqual(codes(reply.results), [1, 'bad_id', 2]);
  });

  it('I6 a retry of what was admitted once is a duplicate, though it would be refused now', async () => {
    let member = false;
    const { give, draft } = stage(() => (member ? no : { ...yes, facts: [{ key: 'member:ann', value: '"in"' }] }));
    const join = draft('join');
    await give([join]);
    member = true;
    const { reply } = await give([join, draft('say')]);
    assert.deepEqual(reply.results, [{ offset: 1, n: 1, ts: 1, duplicate: true }, { error: { code: 'forbidden', text: 'not here' } }]);
  });

  it('I11 the places of a reply are of the history that they were committed in, and of no other', async () => {
    const { give, draft, data, history } = stage(async (kind) => {
      if (kind === 'later') {
        // Between two runs of one list the history changes, and the node learns of it.
        data.renew(0);
        await history.ask((store) => store.heads([]));
      }
      return kind === 'first' ? { ...yes, facts: [{ key: 'k', value: '1' }] } : yes;
    });
    await history.ask((store) => store.heads([]));
    const before = history.epoch;
    const { reply } = await give([draft('first'), draft('later')]);
    assert.notEqual(history.epoch, before);
    assert.deepEqual([reply.epoch, codes(reply.results)], [before, [1]]);
  });

  it('asks anew when what was required has changed, three times, then says conflict', async () => {
    let asked = 0;
    const { give, draft } = stage(() => {
      asked += 1;
      return { ...yes, requires: [{ key: 'never', value: '"so"' }] };
    });
    const { reply } = await give([draft('say'), draft('say')]);
    assert.deepEqual(codes(reply.results), ['conflict']);
    assert.equal(asked, 6, 'both events, three times');
  });

  it('I7 a yes that was more than a second under way is none: the right may have gone while the process was stopped', async () => {
    const { give, draft, clock, data } = stage(() => {
      clock.spend(1_001);
      return yes;
    });
    const { reply } = await give([draft('say')]);
    assert.deepEqual(codes(reply.results), ['unavailable']);
    assert.equal(data.log('room:a').standing.head, 0);
  });

  it('I7 what is admitted slowly goes in several batches, none of whose events was asked about more than a second before', async () => {
    const askedAt: number[] = [];
    const { give, draft, clock, data } = stage(() => {
      askedAt.push(clock.env.now());
      clock.spend(300);
      return yes;
    });
    const append = data.append.bind(data);
    const ages: number[] = [];
    data.append = (items) => {
      for (const at of askedAt.splice(0)) ages.push(clock.env.now() - at);
      return append(items);
    };
    const { reply } = await give(Array.from({ length: 7 }, () => draft('say')));
    assert.deepEqual(codes(reply.results), [1, 2, 3, 4, 5, 6, 7]);
    assert.ok(ages.length === 7 && Math.max(...ages) <= 1_000, ages.join());
  });

  it('I10 an authority that is too slow to be believed makes nobody wait for ever', async () => {
    let slow = 0;
    const { give, draft, clock } = stage(() => {
      slow += 1;
      clock.spend(300);
      return yes;
    });
    // By the time that the batch starts it is too late, again and again.
    const { env } = clock;
    Object.assign(env, {
      turn: (run: () => void) => {
        clock.spend(900);
        setImmediate(run);
      },
    });
    const began = env.now();
    const { reply } = await give([draft('say')]);
    assert.deepEqual(codes(reply.results), ['unavailable']);
    assert.ok(env.now() - began <= 10_000 && slow > 3, `${env.now() - began} ms, asked ${slow} times`);
  });

  it('P29 takes one command a channel at a time, and refuses too many events', async () => {
    const { give, draft } = stage(() => yes);
    const first = give([draft('say')]);
    await assert.rejects(give([draft('say')]), { code: 'busy' });
    await first;
    await assert.rejects(give(Array.from({ length: 65 }, () => draft('say'))), { code: 'too_many' });
    const { reply } = await give(Array.from({ length: 64 }, () => draft('say')));
    assert.equal(reply.results.length, 64);
  });
});
