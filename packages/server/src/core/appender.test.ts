import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Entry } from '@hubbub/protocol/event';
import { createMemoryData } from '../store/memory/data.ts';
import { openMemory } from '../store/memory/memory.ts';
import { type Appended, type Item, type Store, StoreError } from '../store/store.ts';
import { Appender } from './appender.ts';
import { Clock } from './clock.fixture.ts';
import { History } from './history.ts';

let ids = 0;
function item(channel: string, more: Partial<Item> = {}): Item {
  ids += 1;
  const id = `00000000-0000-7000-8000-${String(ids).padStart(12, '0')}`;
  return { channel, id, from: 'ann', kind: 'say', body: '{}', counts: true, ...more };
}

function stage(append?: (inner: Store, items: readonly Item[]) => Promise<Appended>, items?: number) {
  const clock = new Clock();
  const inner = openMemory(createMemoryData({ now: () => 1, random: () => 0.3 }));
  const batches: (readonly Item[])[] = [];
  const rung: [string, readonly Entry[]][] = [];
  const store: Store = {
    ...inner,
    append: (batch) => {
      batches.push(batch);
      return append ? append(inner, batch) : inner.append(batch);
    },
  };
  const history = new History(clock.env, store, () => {});
  const appender = new Appender(
    clock.env,
    history,
    (channel, entries) => rung.push([channel, entries]),
    items === undefined ? {} : { items },
  );
  return { clock, appender, batches, rung };
}

describe('appender', () => {
  it('gathers while a batch commits: the next batch is what came meanwhile', async () => {
    let go: () => void = () => {};
    const { appender, batches, clock } = stage(async (inner, items) => {
      if (items.length === 1) await new Promise<void>((resolve) => (go = resolve));
      return inner.append(items);
    });
    const first = appender.append('room:a', [item('room:a')], clock.env.now());
    await clock.settle();
    const rest = Array.from({ length: 20 }, () => appender.append('room:b', [item('room:b')], clock.env.now()));
    await clock.settle();
    go();
    await Promise.all([first, ...rest]);
    assert.deepEqual(
      batches.map(({ length }) => length),
      [1, 20],
    );
    assert.equal(appender.size, 0);
  });

  it('takes channels in turn: one that floods does not stand before the others', async () => {
    const { appender, batches, clock } = stage();
    const flood = Array.from({ length: 30 }, () =>
      appender.append(
        'room:hot',
        Array.from({ length: 40 }, () => item('room:hot')),
        clock.env.now(),
      ),
    );
    const quiet = appender.append('room:quiet', [item('room:quiet')], clock.env.now());
    await Promise.all([...flood, quiet]);
    assert.ok((batches[0]?.findIndex(({ channel }) => channel === 'room:quiet') ?? 99) <= 1);
    assert.ok(batches.every(({ length }) => length <= 512));
  });

  it('I8 a channel gets a quarter of the queue, and one more is overloaded, with a time to come back', async () => {
    const { appender, clock } = stage(() => new Promise(() => {}), 40);
    void appender.append(
      'room:a',
      Array.from({ length: 10 }, () => item('room:a')),
      clock.env.now(),
    );
    const [refused] = await appender.append('room:a', [item('room:a')], clock.env.now());
    assert.ok(refused?.status === 'failed' && refused.code === 'overloaded' && (refused.retryAfter ?? 0) > 0);
    void appender.append('room:b', [item('room:b')], clock.env.now());
    assert.equal(appender.size, 11);
  });

  it('halves a batch that one item spoils: it fails alone', async () => {
    const { appender, batches, clock, rung } = stage(async (inner, items) => {
      if (items.some(({ body }) => body.includes('poison'))) throw new StoreError('poison', 'no');
      return inner.append(items);
    });
    const results = await Promise.all(
      ['{}', '{}', '"poison"', '{}', '{}'].map((body, at) =>
        appender.append(`room:${'abcde'[at]}`, [item(`room:${'abcde'[at]}`, { body })], clock.env.now()),
      ),
    );
    assert.deepEqual(
      results.map(([one]) => (one?.status === 'failed' ? one.code : one?.status)),
      ['committed', 'committed', 'not_stored', 'committed', 'committed'],
    );
    assert.ok(batches.length > 1);
    assert.equal(rung.length, 4);
  });

  it('I10 answers within 10 s: unknown what is in a batch, unavailable what is not', async () => {
    const { appender, clock } = stage(() => new Promise(() => {}));
    const inBatch = appender.append('room:a', [item('room:a')], clock.env.now());
    await clock.settle();
    const waiting = appender.append('room:a', [item('room:a')], clock.env.now());
    await clock.pass(9_999);
    assert.equal(appender.size, 2);
    await clock.pass(2);
    assert.deepEqual(await inBatch, [{ status: 'failed', code: 'unknown' }]);
    assert.deepEqual(await waiting, [{ status: 'failed', code: 'unavailable' }]);
    assert.equal(appender.size, 0);
  });

  it('I7 gives back what was admitted more than a second before its batch starts', async () => {
    let go: () => void = () => {};
    const { appender, clock } = stage(async (inner, items) => {
      if (items[0]?.channel === 'room:slow') await new Promise<void>((resolve) => (go = resolve));
      return inner.append(items);
    });
    void appender.append('room:slow', [item('room:slow')], clock.env.now());
    await clock.settle();
    const stale = appender.append('room:a', [item('room:a')], clock.env.now());
    await clock.pass(1_001);
    go();
    assert.deepEqual(await stale, [{ status: 'stale' }]);
  });

  it('I4 ends a list at what its requirements refuse: nothing after it is written', async () => {
    const { appender, clock } = stage();
    const list = [
      item('room:a'),
      item('room:a', { follows: true, requires: [{ key: 'member:ann', value: '"in"' }] }),
      item('room:a', { follows: true }),
    ];
    const results = await appender.append('room:a', list, clock.env.now());
    assert.deepEqual(
      results.map(({ status }) => status),
      ['committed', 'rejected'],
    );
    const [after] = await appender.append('room:a', [item('room:a')], clock.env.now());
    assert.equal(after?.status === 'committed' && after.offset, 2);
  });

  it('rings after the commit, with the events as they are in the log', async () => {
    const { appender, clock, rung } = stage();
    await appender.append('room:a', [item('room:a'), item('room:a', { follows: true, concerns: ['ben'] })], clock.env.now());
    const [[channel, entries] = ['', []]] = rung;
    assert.equal(channel, 'room:a');
    assert.deepEqual(
      entries.map(({ header }) => [header.offset, header.n, header.concerns]),
      [
        [1, 1, undefined],
        [2, 2, ['ben']],
      ],
    );
  });

  it('P10 rings the header that the log has: empty lists are none', async () => {
    const { appender, rung, clock } = stage();
    await appender.append('room:a', [item('room:a', { concerns: [], empties: [] })], clock.env.now());
    const [header] = rung.flatMap(([, entries]) => entries.map((entry) => entry.header));
    assert.deepEqual([header && 'concerns' in header, header && 'empties' in header], [false, false]);
  });
});
