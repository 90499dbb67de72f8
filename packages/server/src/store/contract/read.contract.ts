/** Pages and heads. */
import assert from 'node:assert/strict';
import { headerText } from '@hubbub/protocol/event';
import type { Range, Store } from '../store.ts';
import { beside, commit, dice, entriesOf, idOf, item, range, room, turns } from './items.contract.ts';
import { type Rule, rule } from './rule.contract.ts';

async function offsets(store: Store, asked: Range, limit: number): Promise<number[]> {
  return (await store.read(room, asked, limit)).entries.map(({ header }) => header.offset);
}

/** Eight writers of one channel, until each has appended `batches`. */
async function writeAll(store: Store, batches: number): Promise<void> {
  const writer = async (at: number): Promise<void> => {
    const roll = dice(at + 1);
    for (const batch of range(batches)) {
      const numbers = range(1 + roll(3), 1_000 * at + 10 * batch);
      await commit(store, ...numbers.map((number) => item(number, { counts: roll(2) === 0 })));
      await turns(roll(3));
    }
  };
  await Promise.all(range(8).map(writer));
}

export const readRules: readonly Rule[] = [
  rule('S40', 'after: the first events above it; before: the last ones below it; ascending, never more than limit', [], async (ground) => {
    const { store } = ground;
    await commit(store, ...range(10, 1).map((number) => item(number)));
    assert.deepEqual(await offsets(store, { after: 0 }, 4), [1, 2, 3, 4]);
    assert.deepEqual(await offsets(store, { after: 4 }, 4), [5, 6, 7, 8]);
    assert.deepEqual(await offsets(store, { after: 8 }, 4), [9, 10]);
    assert.deepEqual(await offsets(store, { after: 0 }, 1), [1]);
    assert.deepEqual(await offsets(store, { after: 10 }, 4), []);
    assert.deepEqual(await offsets(store, { after: 99 }, 4), []);
    assert.deepEqual(await offsets(store, { before: 11 }, 4), [7, 8, 9, 10]);
    assert.deepEqual(await offsets(store, { before: 7 }, 4), [3, 4, 5, 6]);
    assert.deepEqual(await offsets(store, { before: 3 }, 4), [1, 2]);
    assert.deepEqual(await offsets(store, { before: 1 }, 4), []);
    assert.deepEqual(await offsets(store, { before: 0 }, 4), []);
    assert.deepEqual(await offsets(store, { before: 99 }, 2), [9, 10]);
    assert.deepEqual(await offsets(store, { before: 99 }, 1), [10]);
  }),

  rule('S41', 'a full page has 512 events', [], async ({ store }) => {
    await commit(store, ...range(512, 1).map((number) => item(number)));
    await commit(store, ...range(8, 513).map((number) => item(number)));
    assert.deepEqual(await offsets(store, { after: 0 }, 512), range(512, 1));
    assert.deepEqual(await offsets(store, { before: 521 }, 512), range(512, 9));
  }),

  rule('S42', 'bodies come back byte for byte', [], async ({ store }) => {
    const big = JSON.stringify('ä'.repeat(8_000));
    const texts = ['0', '""', '[ 1,  2 ]', '{"b":1,"a":1.0}', '"\\u0000\\u001f"', '"𝄞 é é"', '"\\ud800"', '"line\u2028end"', '1e400', big];
    await commit(store, ...texts.map((body, at) => item(at, { body })));
    assert.deepEqual(
      (await entriesOf(store)).map(({ body }) => body),
      texts,
    );
  }),

  rule('S43', 'headers come back as they went in, with offset, n and ts; what was left out is left out', [], async ({ store }) => {
    await commit(
      store,
      item(1, { ts: 5, concerns: [], empties: [] }),
      item(2, { ts: 7, from: 'al%20ice', kind: 'chat.note', counts: false, concerns: ['bob', '*'], empties: [1] }),
    );
    const rest = `"empties":[1],"concerns":["bob","*"]`;
    const [first, second] = (await entriesOf(store)).map(({ header }) => header);
    assert.deepEqual(first, { offset: 1, n: 1, ts: 5, id: idOf(1), from: 'alice', kind: 'message' });
    assert.ok(second);
    assert.equal(headerText(second), `{"offset":2,"n":1,"ts":7,"id":"${idOf(2)}","from":"al%20ice","kind":"chat.note",${rest}}`);
  }),

  rule('S44', 'heads of 10,000 channels in one call, in the order asked, some twice', [], async ({ store }) => {
    const written = range(500).map((number) => `room:${number * 20}`);
    await commit(store, ...written.map((channel, at) => item(at, { channel })));
    await commit(store, ...written.filter((_, at) => at % 3 === 0).map((channel, at) => item(1_000 + at, { channel, counts: false })));
    const roll = dice(44);
    const asked = range(10_000).map(() => roll(10_000));
    const { heads } = await store.heads(asked.map((number) => `room:${number}`));
    const expected = asked.map((number) => {
      if (number % 20 !== 0) return { head: 0, n: 0, first: 1 };
      return { head: number % 60 === 0 ? 2 : 1, n: 1, first: 1 };
    });
    assert.equal(heads.length, expected.length);
    // One by one: what differs in a list of this length takes half a minute to print.
    for (const [at, standing] of heads.entries()) assert.deepEqual(standing, expected[at], `the head asked for in place ${at}`);
    assert.deepEqual((await store.heads([])).heads, []);
  }),

  rule('S45', 'a reader beside eight writers never sees a hole; head, n and entries are of one instant', [], async ({ store }) => {
    const follow = async (seed: number, ended: () => boolean): Promise<number> => {
      const roll = dice(seed);
      let cursor = 0;
      let n = 0;
      for (;;) {
        const last = ended();
        const { head, n: counted, entries } = await store.read(room, { after: cursor }, 1 + roll(20));
        for (const { header } of entries) {
          assert.equal(header.offset, cursor + 1);
          cursor = header.offset;
          n = header.n;
        }
        assert.ok(cursor <= head && n <= counted);
        if (cursor === head) assert.equal(counted, n);
        if (last && entries.length === 0) return cursor;
        await turns(roll(3));
      }
    };
    const newest = async (ended: () => boolean): Promise<number> => {
      for (;;) {
        const last = ended();
        const { head, n, entries } = await store.read(room, { before: 1_000_000 }, 5);
        assert.deepEqual(
          entries.map(({ header }) => header.offset),
          range(Math.min(5, head), Math.max(1, head - 4)),
        );
        assert.equal(entries.at(-1)?.header.n ?? 0, n);
        if (last) return head;
        await turns(1);
      }
    };
    const followers = range(3).map((seed) => (ended: () => boolean) => follow(seed, ended));
    const ends = await beside(() => writeAll(store, 20), [...followers, newest]);
    const { head } = (await store.heads([room])).heads[0] ?? { head: -1 };
    assert.ok(head >= 8 * 20);
    assert.deepEqual(ends, Array(4).fill(head));
  }),
];
