import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CommandPush } from '@hubbub/protocol/frames';
import { type LongWork, type StoreCode, StoreError } from '../store/store.ts';
import { Clock } from './clock.fixture.ts';
import type { Who } from './identity.ts';
import { type AdminLink, Works } from './works.ts';

const admin: Who = { user: 'admin', rights: ['import', 'admin'] };

/** A link that keeps what it is told. */
class Told implements AdminLink {
  readonly loopback: boolean;
  readonly pushes: CommandPush[] = [];
  full = false;

  constructor(loopback = true) {
    this.loopback = loopback;
  }

  tell(push: CommandPush): boolean {
    if (!this.full) this.pushes.push(push);
    return !this.full;
  }
}

/** Work that goes on until it is told. */
function begun(clock: Clock, works: Works, link: AdminLink) {
  const end = Promise.withResolvers<string>();
  let long: LongWork = {};
  const done = works.run(admin, link, 7, (given) => {
    long = given;
    return end.promise;
  });
  done.catch(() => {});
  return { clock, done, end, progress: (part: number) => long.progress?.(part), signal: () => long.signal };
}

describe('works', () => {
  const others: [string, Who, boolean][] = [
    ['a guest', { user: 'ann', rights: [] }, true],
    ['who may import alone', { user: 'ann', rights: ['import'] }, true],
    ['the administrator, from elsewhere', admin, false],
  ];
  for (const [what, who, loopback] of others) {
    it(`P47 does nothing for ${what}`, async () => {
      const works = new Works(new Clock().env);
      await assert.rejects(
        works.run(who, new Told(loopback), 1, () => assert.fail('begun')),
        { code: 'forbidden' },
      );
    });
  }

  it('P45 tells how far it is, every 250 ms at most and every 5 s at least, and nothing behind its end', async () => {
    const clock = new Clock();
    const link = new Told();
    const { progress, end, done } = begun(clock, new Works(clock.env), link);
    const told = (): number[] => link.pushes.splice(0).map((push) => ('done' in push && push.req === 7 ? push.done : -1));
    progress(0.1);
    assert.deepEqual(told(), []);
    await clock.pass(250);
    progress(0.2);
    progress(0.25);
    assert.deepEqual(told(), [0.2]);
    await clock.pass(249);
    progress(0.3);
    assert.deepEqual(told(), []);
    await clock.pass(4_750);
    assert.deepEqual(told(), []);
    await clock.pass(1);
    assert.deepEqual(told(), [0.3]);
    await clock.pass(15_000);
    assert.deepEqual(told(), [0.3, 0.3, 0.3]);
    progress(0.1);
    progress(2);
    await clock.pass(250);
    progress(0);
    assert.deepEqual(told(), [1], 'it never goes back, nor beyond the end');
    end.resolve('done');
    assert.equal(await done, 'done');
    await clock.pass(60_000);
    assert.deepEqual(told(), []);
  });

  it('I8 keeps nothing for a link that is full', async () => {
    const clock = new Clock();
    const link = new Told();
    const { end, done } = begun(clock, new Works(clock.env), link);
    link.full = true;
    await clock.pass(20_000);
    link.full = false;
    assert.deepEqual(link.pushes, []);
    await clock.pass(5_000);
    assert.equal(link.pushes.length, 1);
    end.resolve('');
    await done;
  });

  it('P40 ends what a link has asked for when it goes, and nothing of another', async () => {
    const clock = new Clock();
    const works = new Works(clock.env);
    const gone = new Told();
    const one = begun(clock, works, gone);
    const other = begun(clock, works, new Told());
    works.left(gone);
    assert.deepEqual([one.signal()?.aborted, other.signal()?.aborted], [true, false]);
    await assert.rejects(one.done, { code: 'unavailable' });
    assert.equal(works.size, 1);
    other.end.resolve('done');
    assert.equal(await other.done, 'done');
    assert.equal(works.size, 0);
  });

  it('P40 a node that goes ends all, which is answered by the time it has closed', async () => {
    const clock = new Clock();
    const works = new Works(clock.env);
    await works.close();
    const { done, signal } = begun(clock, works, new Told());
    let answered: unknown;
    done.catch((error: unknown) => {
      answered = error;
    });
    await works.close();
    assert.equal((answered as { code?: string }).code, 'closing');
    assert.deepEqual([signal()?.aborted, works.size], [true, 0]);
  });

  it('says what the store says, in a code that fits', async () => {
    const works = new Works(new Clock().env);
    const table: [StoreCode, string][] = [
      ['conflict', 'conflict'],
      ['not_supported', 'not_supported'],
      ['unavailable', 'unavailable'],
      ['new_epoch', 'unavailable'],
      ['rolled_back', 'unavailable'],
      ['unknown', 'unavailable'],
    ];
    for (const [code, expected] of table) {
      const failing = works.run(admin, new Told(), 1, async () => {
        throw new StoreError(code, 'why');
      });
      await assert.rejects(failing, { code: expected, message: 'why' });
    }
  });
});
