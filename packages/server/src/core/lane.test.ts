import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Item } from '../store/store.ts';
import { Group, Lane, type Placed } from './lane.ts';

let ids = 0;
function items(channel: string, count: number, size = 2): readonly Item[] {
  return Array.from({ length: count }, () => {
    ids += 1;
    const id = `00000000-0000-7000-8000-${String(ids).padStart(12, '0')}`;
    return { channel, id, from: 'ann', kind: 'say', body: JSON.stringify('x'.repeat(size - 2)), counts: true };
  });
}

function group(channel: string, count = 1, size = 2): Group<string> {
  return new Group({ channel, items: items(channel, count, size), bytes: count * size, takenAt: 0, admittedAt: 0, resolve: () => {} });
}

function fill(lane: Lane<string>, channel: string, count: number, size = 2): readonly Group<string>[] {
  const groups = Array.from({ length: count }, () => group(channel, 1, size));
  for (const one of groups) lane.add(one, false);
  return groups;
}

/** How many items of each channel a batch has. */
function shares(batch: readonly Placed<string>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { item } of batch) counts[item.channel] = (counts[item.channel] ?? 0) + 1;
  return counts;
}

const all = (): boolean => true;

describe('lane', () => {
  it('fills a batch with one channel where nobody else waits: 512 items', () => {
    const lane = new Lane<string>({});
    fill(lane, 'room:a', 600);
    assert.deepEqual(shares(lane.gather(all)), { 'room:a': 512 });
    assert.deepEqual(shares(lane.gather(all)), { 'room:a': 88 });
    assert.deepEqual(lane.gather(all), []);
  });

  it('gives a channel 64 items of a batch where others wait', () => {
    const lane = new Lane<string>({});
    fill(lane, 'room:hot', 200);
    fill(lane, 'room:quiet', 2);
    assert.deepEqual(shares(lane.gather(all)), { 'room:hot': 64, 'room:quiet': 2 });
    assert.deepEqual(shares(lane.gather(all)), { 'room:hot': 136 }, 'alone again');
  });

  it('puts back what was passed by, whole and before what came later, and the third time lets it go by itself', () => {
    const lane = new Lane<string>({});
    const channelsOf = (batch: readonly Placed<string>[]): string =>
      batch.map(({ item }) => `${item.channel.slice(5)}${ids.indexOf(item.id)}`).join();
    const ids: string[] = [];
    const add = (channel: string, count: number): void => {
      const one = group(channel, count);
      ids.push(...one.items.map(({ id }) => id));
      lane.add(one, false);
    };
    const isHot = ({ item }: Placed<string>): boolean => item.channel === 'room:hot';
    add('room:hot', 2);
    add('room:quiet', 1);
    add('room:hot', 1);
    const first = lane.gather(all);
    assert.equal(channelsOf(first), 'hot0,quiet2,hot1,hot3');
    add('room:other', 1);
    add('room:hot', 1);
    lane.putBack(first.filter(isHot));
    const second = lane.gather(all);
    assert.equal(channelsOf(second), 'hot0,other4,hot1,hot3,hot5');
    assert.deepEqual(lane.gatherAlone(all), []);
    lane.putBack(second.filter(isHot));
    add('room:hot', 1);
    assert.deepEqual(lane.gather(all), []);
    assert.equal(channelsOf(lane.gatherAlone(all)), 'hot0,hot1,hot3,hot5,hot6');
    // What comes meanwhile waits until that is written.
    add('room:hot', 1);
    assert.deepEqual([lane.gather(all), lane.gatherAlone(all)], [[], []]);
    lane.rejoin('room:hot', all);
    assert.equal(channelsOf(lane.gather(all)), 'hot7');
  });

  it('begins the next batch with whoever was not reached', () => {
    const lane = new Lane<string>({});
    for (let at = 0; at < 500; at++) fill(lane, `room:${at}`, 2);
    const first = lane.gather(all);
    assert.equal(first.length, 512);
    const second = lane.gather(all);
    assert.equal(second[0]?.item.channel, 'room:12');
    assert.equal(second.length, 488);
  });

  it('ends a batch at 1 MiB of bodies', () => {
    const lane = new Lane<string>({});
    fill(lane, 'room:a', 100, 16_384);
    assert.equal(lane.gather(all).length, 64);
  });

  it('keeps a group in order, and one that comes back goes before what waits', () => {
    const lane = new Lane<string>({});
    const [a, b, c] = [group('room:a', 2), group('room:a', 1), group('room:a', 1)];
    lane.add(a, false);
    lane.add(b, false);
    lane.add(c, true);
    const expected = [...c.items, ...a.items, ...b.items].map(({ id }) => id);
    assert.deepEqual(
      lane.gather(all).map(({ item }) => item.id),
      expected,
    );
  });

  it('drops a group that may not be written any more, and takes the next one', () => {
    const lane = new Lane<string>({});
    const [old, fresh] = [group('room:a'), group('room:a')];
    lane.add(old, false);
    lane.add(fresh, false);
    const batch = lane.gather((one) => {
      if (one !== old) return true;
      lane.remove(one);
      return false;
    });
    assert.deepEqual(batch, [{ group: fresh, item: fresh.items[0] }]);
    assert.equal(lane.size, 1);
  });

  it('counts what is being written as well, and nothing that has been answered', () => {
    const lane = new Lane<string>({ items: 40, bytes: 4_000 });
    const waiting = fill(lane, 'room:a', 10);
    assert.equal(lane.hasRoom('room:a', 1, 2), false, 'a quarter');
    assert.equal(lane.hasRoom('room:b', 1, 2), true);
    lane.gather(all);
    assert.equal(lane.size, 10);
    for (const one of waiting) lane.remove(one);
    assert.equal(lane.size, 0);
    assert.deepEqual(lane.groups, []);
    assert.equal(lane.hasRoom('room:a', 10, 20), true);
  });

  it('holds bytes like items: a quarter for a channel, and the whole for all', () => {
    const lane = new Lane<string>({ items: 1_000, bytes: 1_000 });
    lane.add(group('room:a', 1, 250), false);
    assert.equal(lane.hasRoom('room:a', 1, 1), false);
    for (const name of ['room:b', 'room:c']) lane.add(group(name, 1, 250), false);
    lane.add(group('room:d', 1, 200), false);
    assert.equal(lane.hasRoom('room:d', 1, 50), true);
    assert.equal(lane.hasRoom('room:d', 1, 51), false);
    assert.equal(lane.hasRoom('room:e', 1, 16_384), true, 'who waits for nothing is always taken');
  });
});
