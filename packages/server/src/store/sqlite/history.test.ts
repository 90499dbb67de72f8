/** Epoch and mark, the clock, and how long `moved` remembers. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Item, type Renewable, type Store, type StoreCode, StoreError } from '../store.ts';
import { openSqlite } from './open.ts';

const item = (number: number, more: Partial<Item> = {}): Item => ({
  channel: 'room:a',
  id: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
  from: 'alice',
  kind: 'message',
  body: `"event ${number}"`,
  counts: true,
  ...more,
});

const failsWith =
  (code: StoreCode) =>
  (error: unknown): boolean =>
    error instanceof StoreError && error.code === code;

const minute = 60_000;

describe('sqlite: history', () => {
  const folders: string[] = [];
  const stores: Store[] = [];
  after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    for (const path of folders) rmSync(path, { recursive: true, force: true });
  });

  async function open(skew?: Int32Array): Promise<{ store: Store; renewable: Renewable }> {
    const folder = mkdtempSync(join(tmpdir(), 'hubbub-history-'));
    folders.push(folder);
    const store = await openSqlite(folder, skew ? { skew } : {});
    stores.push(store);
    const { renewable } = store.powers;
    assert.ok(renewable);
    return { store, renewable };
  }

  it('a later mark heard elsewhere: rolled_back for writing and reading, until a new history begins above it', async () => {
    const { store, renewable } = await open();
    const { epoch, mark } = await store.append([item(1)]);
    renewable.heard({ epoch: 'another', mark: '99' });
    renewable.heard({ epoch, mark: 'no number' });
    renewable.heard({ epoch, mark: '1' });
    await store.append([item(2)]);
    renewable.heard({ epoch, mark: String(Number(mark) + 7) });
    await assert.rejects(store.append([item(3)]), failsWith('rolled_back'));
    await assert.rejects(store.trim('room:a', 2), failsWith('rolled_back'));
    await assert.rejects(store.heads(['room:a']), failsWith('rolled_back'));
    const renewed = await renewable.renew(epoch);
    assert.notEqual(renewed.epoch, epoch);
    assert.ok(Number(renewed.mark) > Number(mark) + 7);
    // Whoever comes late gets the same one.
    assert.deepEqual(await renewable.renew(epoch), renewed);
    const appended = await store.append([item(3)]);
    assert.equal(appended.epoch, renewed.epoch);
    assert.deepEqual(
      appended.outcomes.map((outcome) => outcome.status === 'committed' && outcome.offset),
      [3],
    );
    assert.equal((await store.heads(['room:a'])).epoch, renewed.epoch);
  });

  it('an append that overlaps the change of epoch is refused and written nowhere; the next one goes through', async () => {
    const { store, renewable } = await open();
    const { epoch } = await store.append([item(1)]);
    const renewing = renewable.renew(epoch);
    await assert.rejects(store.append([item(2)]), failsWith('new_epoch'));
    const { epoch: next } = await renewing;
    const { outcomes } = await store.append([item(2)]);
    assert.equal(outcomes[0]?.status, 'committed');
    assert.equal((await store.read('room:a', { after: 0 }, 10)).epoch, next);
  });

  it('an until of another epoch, or from beyond the newest, is purged: everything counts as moved', async () => {
    const { store, renewable } = await open();
    const { epoch } = await store.append([item(1)]);
    const { until } = await store.moved(undefined, 10);
    await renewable.renew(epoch);
    const moved = await store.moved(until, 10);
    assert.ok(moved.purged);
    assert.ok(!(await store.moved(moved.until, 10)).purged);
    assert.ok((await store.moved(moved.until.replace(/^\d+/, '99'), 10)).purged);
    assert.ok((await store.moved('nonsense', 10)).purged);
  });

  it('ts is the clock, never below the last of the channel', async () => {
    const skew = new Int32Array(new SharedArrayBuffer(4));
    const { store } = await open(skew);
    const tsOf = async (...items: Item[]): Promise<number[]> => {
      const { outcomes } = await store.append(items);
      return outcomes.map((outcome) => (outcome.status === 'committed' ? outcome.ts : -1));
    };
    const began = Date.now();
    const [first = 0] = await tsOf(item(1));
    assert.ok(first >= began && first <= Date.now());
    skew[0] = -10 * minute;
    assert.deepEqual(await tsOf(item(2)), [first]);
    const [other = 0] = await tsOf(item(3, { channel: 'room:b' }));
    assert.ok(other < first - 9 * minute, 'another channel has its own last');
    assert.deepEqual(await tsOf(item(4, { ts: first + 5 }), item(5, { ts: 17 }), item(6)), [first + 5, first + 5, first + 5]);
  });

  it('moves older than ten minutes go, a few with each append; the newest stays; who asks from below is told', async () => {
    const skew = new Int32Array(new SharedArrayBuffer(4));
    const { store } = await open(skew);
    const { until: start } = await store.moved(undefined, 10);
    await store.append(Array.from({ length: 6 }, (_, at) => item(at, { channel: `room:${at}`, concerns: ['bob'] })));
    skew[0] = 9 * minute;
    await store.append([item(10)]);
    const all = await store.moved(start, 100);
    assert.ok(!all.purged);
    assert.equal(all.heads.length, 7);
    assert.equal(all.concerns.length, 6);
    const { until: kept } = await store.moved(undefined, 10);
    skew[0] = 12 * minute;
    // Twelve rows are too old; each append brings one and takes two.
    for (let number = 11; number < 17; number++) {
      assert.ok(!(await store.moved(all.until, 100)).purged);
      await store.append([item(number)]);
    }
    assert.ok((await store.moved(start, 100)).purged);
    assert.deepEqual((await store.moved(kept, 100)).heads, [{ channel: 'room:a', head: 7, n: 7 }]);
    skew[0] = 60 * minute;
    await store.append([item(20)]);
    skew[0] = 0;
    // The clock was put back: what lies far in the future is not kept until then.
    for (let number = 21; number < 30; number++) await store.append([item(number)]);
    const { until } = await store.moved(undefined, 10);
    await store.append([item(30)]);
    assert.equal((await store.moved(until, 10)).heads.length, 1);
    assert.ok((await store.moved(kept, 100)).purged);
  });
});
