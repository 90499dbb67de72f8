import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Channel } from './channel.ts';
import { Clock } from './clock.fixture.ts';
import type { Landing } from './flight.ts';
import { nodeStage } from './node.fixture.ts';
import { type Encoded, encode, TailBudget } from './tail.ts';

function event(offset: number, more: { body?: string | null; empties?: number[] } = {}): Encoded {
  const { body = '"text"', empties } = more;
  const header = { offset, n: offset, ts: 1, id: `${offset}`, from: 'ann', kind: 'say', ...(empties && { empties }) };
  return encode({ header, body, ...(body === null && { emptied: 4 }) });
}

const landing = (head: number, ...events: Encoded[]): Landing => ({ events, first: 1, head });

describe('what a channel remembers of what is read', () => {
  function channel(head: number): Channel {
    const made = new Channel('room:a', new Clock().env, new TailBudget(), { advanced: () => {}, missing: () => {}, concerned: () => {} });
    made.begin({ head, n: head, first: 1 });
    return made;
  }

  const held = (of: Channel): (number | undefined)[] => [of.tail.first, of.tail.size];

  it('is what reaches up to its tail', () => {
    const one = channel(3);
    one.landed(landing(3, event(1)));
    assert.deepEqual(held(one), [undefined, 0], 'it would be a hole');
    one.landed(landing(3, event(2), event(3)));
    assert.deepEqual(held(one), [2, 2]);
    one.landed(landing(3, event(1)));
    assert.deepEqual(held(one), [1, 3]);
  });

  it('keeps nothing for a hole that a read has filled', () => {
    const one = channel(3);
    one.ring(6, [event(6).entry]);
    assert.equal(one.beyond, 1);
    one.landed(landing(7, event(4), event(5), event(6), event(7)));
    assert.deepEqual([one.head, one.beyond], [7, 0]);
  });

  it('is not what was read before something that has been taken since: a deleted text does not come back', () => {
    const one = channel(3);
    one.ring(4, [event(4, { empties: [2] }).entry]);
    // Read when 3 was the head.
    one.landed(landing(3, event(1), event(2), event(3)));
    assert.deepEqual(held(one), [4, 1]);
    one.landed(landing(4, event(1), event(2, { body: null }), event(3), event(4, { empties: [2] })));
    assert.deepEqual(held(one), [1, 4]);
    assert.ok(one.tail.after(1)?.[0]?.text.includes('"emptied":4'));
  });

  it('I9: makes a hundred who come back one after the other cost one read', async () => {
    let reads = 0;
    const stage = await nodeStage({
      mayRead: () => true,
      meddle: (store) => ({
        ...store,
        read: (...asked) => {
          reads += 1;
          return store.read(...asked);
        },
      }),
    });
    for (let at = 0; at < 60; at++) stage.append('room:a');
    await stage.clock.pass(1_000);
    reads = 0;
    for (let nth = 0; nth < 100; nth++) {
      const link = await stage.link(`user${nth}`);
      link.say('subscribe', { to: [{ channel: 'room:a', position: '0' }] });
      await stage.clock.settle();
      const got = link.take('events').flatMap(({ events }) => events as unknown[]);
      assert.equal(got.length, 60);
    }
    assert.equal(reads, 1);
  });
});
