import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryData } from '../store/memory/data.ts';
import { openMemory } from '../store/memory/memory.ts';
import type { Page, Store } from '../store/store.ts';
import { Clock } from './clock.fixture.ts';
import { Flights } from './flight.ts';
import { History } from './history.ts';

/** A store whose reads wait until they are let go. */
function stage(events: number) {
  const clock = new Clock();
  const data = createMemoryData({ now: () => 1, random: () => 0.3 });
  for (const channel of ['room:a', 'room:b']) {
    for (let at = 1; at <= events; at++) {
      const id = `00000000-0000-7000-8000-${String(at).padStart(12, '0')}`;
      data.append([{ channel, id, from: 'ann', kind: 'say', body: '{}', counts: true }]);
    }
  }
  const inner = openMemory(data);
  const waiting: { channel: string; go: () => void }[] = [];
  let inFlight = 0;
  let most = 0;
  const store: Store = {
    ...inner,
    read: (channel, range, limit) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      return new Promise<Page>((resolve) => {
        waiting.push({
          channel,
          go: () => {
            inFlight -= 1;
            resolve(inner.read(channel, range, limit));
          },
        });
      });
    },
  };
  const flights = new Flights(clock.env, new History(clock.env, store, () => {}), () => {});
  return { clock, data, flights, waiting, most: () => most };
}

describe('flights', () => {
  it('are at most four in the air, channels in turn, and 500 readers of one block share one', async () => {
    const { flights, waiting, clock, most } = stage(1_000);
    const long = Array.from({ length: 7 }, (_, block) => flights.read('room:a', block * 128 + 1, 1_000));
    const shared = Array.from({ length: 500 }, () => flights.read('room:b', 1, 1_000));
    await clock.settle();
    assert.equal(waiting.length, 4);
    const seen: string[] = [];
    while (waiting.length > 0) {
      const next = waiting.shift();
      seen.push(next?.channel ?? '');
      next?.go();
      await clock.settle();
    }
    const landings = await Promise.all([...long, ...shared]);
    assert.equal(most(), 4);
    assert.equal(seen.length, 8, 'seven blocks of one channel, one of the other');
    assert.ok(seen.indexOf('room:b') <= 5, 'a long past of one channel does not hold up the other');
    assert.equal(clock.counts.get('flight_shared'), 499);
    assert.ok(landings.every(({ events }) => events.length > 0));
    assert.equal(flights.size, 0);
  });

  it('that began before an offset was known do not serve who needs it', async () => {
    const { flights, waiting, clock, data } = stage(5);
    const early = flights.read('room:a', 1, 5);
    await clock.settle();
    data.append([{ channel: 'room:a', id: '00000000-0000-7000-8000-999999999999', from: 'ann', kind: 'say', body: '{}', counts: true }]);
    const late = flights.read('room:a', 6, 6);
    assert.equal(clock.counts.get('flight_too_early'), 1);
    waiting.shift()?.go();
    await early;
    await clock.settle();
    waiting.shift()?.go();
    assert.equal((await late).events.at(-1)?.entry.header.offset, 6);
  });
});
