import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryData } from '../store/memory/data.ts';
import { openMemory } from '../store/memory/memory.ts';
import { guests, guestToken } from './guest.ts';
import { givenKey, type Keys, openKeys } from './keys.ts';

describe('keys', () => {
  function stage() {
    const data = createMemoryData({ now: () => 1, random: Math.random });
    let now = 0;
    return {
      data,
      pass: (ms: number) => {
        now += ms;
      },
      open: (former?: string): Promise<Keys> => openKeys({ store: openMemory(data), now: () => now, random: Math.random, former }),
    };
  }

  it('makes one at the first start, which every later start finds', async () => {
    const { open } = stage();
    const first = await open();
    assert.ok(first.newest.secret.length >= 32);
    const second = await open();
    assert.deepEqual(second.newest, first.newest);
    assert.deepEqual(await first.find(first.newest.kid), first.newest);
    assert.equal(await first.find('another'), undefined);
  });

  it('makes one where several nodes start at once', async () => {
    const { open } = stage();
    const all = await Promise.all(Array.from({ length: 8 }, () => open()));
    for (const { newest } of all) assert.deepEqual(newest, all[0]?.newest);
  });

  it('takes over the secret from before, whose tokens live on', async () => {
    const { open } = stage();
    const former = 'a secret of before, long enough for HMAC-SHA-256';
    const keys = await open(former);
    assert.equal(new TextDecoder().decode(keys.newest.secret), former);
    // A token of then names no key.
    assert.deepEqual(await keys.find(undefined), keys.newest);
    const later = await open('whatever lies there then');
    assert.deepEqual(later.newest, keys.newest);
  });

  it('looks for a key that another node has made, once a second', async () => {
    const { open, data, pass } = stage();
    const keys = await open();
    data.append([
      {
        ...{ channel: 'sys:keys', id: crypto.randomUUID(), from: 'hubbub', kind: 'key', body: 'null', counts: false },
        facts: [{ key: '.guest:2', value: JSON.stringify({ secret: 'x'.repeat(43) }) }],
      },
    ]);
    assert.equal(await keys.find('2'), undefined);
    pass(1_000);
    assert.equal((await keys.find('2'))?.kid, '2');
    assert.equal((await open()).newest.kid, '2');
  });

  it('takes one that is given from outside instead', async () => {
    const keys = givenKey('a given secret, long enough for HMAC-SHA-256');
    const verifier = guests({ keys, calendar: () => 5_000, random: Math.random });
    const token = await guestToken('ann', keys, { issuedAt: 5_000 });
    assert.deepEqual(await verifier.verify({ token }), { user: 'ann', issuedAt: 5_000 });
  });
});
