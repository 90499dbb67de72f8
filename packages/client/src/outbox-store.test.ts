import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SmallDisk } from '@hubbub/rig/small-disk';
import { idOf, sent, setUp } from './outbox.fixture.ts';
import type { KeptEvent, OutboxStore } from './outbox-store.ts';
import { fileOutbox } from './platform/file-outbox.ts';

const kept = (number: number, more: Partial<KeptEvent> = {}): KeptEvent => ({
  ...{ id: idOf(number), channel: 'room:x', text: `{"id":"${idOf(number)}","kind":"message","body":${number}}` },
  ...more,
});

/** A store whose `put` is answered by hand. */
function byHand(events: readonly KeptEvent[] = []) {
  const puts: { event: KeptEvent; done: () => void; fail: () => void }[] = [];
  const removed: string[] = [];
  const store: OutboxStore = {
    load: async () => events,
    put: (event) => new Promise((resolve, reject) => puts.push({ event, done: resolve, fail: () => reject(new Error('full')) })),
    remove: async (id) => void removed.push(id),
  };
  return { store, puts, removed };
}

describe('an outbox that outlives the program', () => {
  it('sends nothing that is not kept yet, keeps the order, and lets go of what is acknowledged', async () => {
    const { store, puts, removed } = byHand();
    const { outbox, commands, add, numbers, last, clock } = setUp(() => {}, store);
    outbox.opened('ann');
    await clock.flush();
    for (const number of [1, 2, 3]) add(number);
    puts[1]?.done();
    await clock.flush();
    assert.equal(commands.length, 0, 'the second waits for the first');
    puts[0]?.done();
    await clock.flush();
    assert.deepEqual(numbers(), [1, 2]);
    puts[2]?.fail();
    last().reply([sent(1), sent(2)]);
    await clock.flush();
    assert.deepEqual(numbers(), [3], 'one that cannot be kept is sent all the same');
    assert.deepEqual(removed, [idOf(1), idOf(2)]);
    assert.deepEqual([puts[0]?.event.user, puts[0]?.event.channel], ['ann', 'room:x']);
    outbox.discard(idOf(3));
    assert.equal(removed.length, 3);
  });

  it('sends what a former run has left before anything new, and only what is of the same user', async () => {
    const left = [kept(1, { user: 'ann' }), kept(2, { user: 'ben' }), kept(3), kept(4, { channel: 'room:y', user: 'ann' })];
    const { store, puts } = byHand(left);
    const { outbox, commands, add, clock, numbers } = setUp(() => {}, store);
    add(5);
    puts[0]?.done();
    await clock.flush();
    outbox.opened('ann');
    await clock.flush();
    assert.deepEqual(
      commands.map(({ channel }, at) => [channel, numbers(at)]),
      [
        ['room:x', [1, 3, 5]],
        ['room:y', [4]],
      ],
    );
    assert.equal(commands[0]?.text.startsWith(left[0]?.text ?? '-'), true, 'the very text that was kept');
  });
});

const mountable = process.getuid?.() === 0 ? false : 'only root can mount a small disk';

describe('the outbox in a file', () => {
  const inFolder = async (work: (folder: string) => Promise<void>): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'hubbub-outbox-'));
    try {
      await work(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('finds again what was kept and not let go of, whatever was torn', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'outbox');
      const first = fileOutbox(path);
      for (const number of [1, 2, 3]) await first.put(kept(number));
      await first.remove(idOf(2));
      await first.remove(idOf(9));
      assert.equal(statSync(path).mode & 0o777, 0o600);
      writeFileSync(path, `${readFileSync(path, 'utf8')}{"id":"torn`);
      const second = fileOutbox(path);
      assert.deepEqual(await second.load(), [kept(1), kept(3)]);
      for (let number = 10; number < 1_100; number++) {
        await second.put(kept(number));
        await second.remove(idOf(number));
      }
      assert.ok(statSync(path).size < 200_000, `${statSync(path).size} bytes`);
      assert.deepEqual(await fileOutbox(path).load(), [kept(1), kept(3)]);
    }));

  it('passes over lines that cannot be read, and finds those behind them', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'outbox');
      const lines = ['', '{"id":"torn', 'null', '5', '{}', '{"removed":7}', '{"id":"x","channel":"room:x"}', JSON.stringify(kept(2))];
      writeFileSync(path, [JSON.stringify(kept(1, { user: 'ann' })), ...lines, ''].join('\n'));
      assert.deepEqual(await fileOutbox(path).load(), [kept(1, { user: 'ann' }), kept(2)]);
    }));

  it('writes with the next one what could not be written', () =>
    inFolder(async (folder) => {
      const [here, away] = [join(folder, 'here'), mkdtempSync(join(folder, 'away-'))];
      renameSync(away, here);
      const path = join(here, 'outbox');
      const store = fileOutbox(path);
      for (const number of [1, 2]) await store.put(kept(number));
      renameSync(here, away);
      await assert.rejects(store.put(kept(3)), { code: 'ENOENT' });
      await assert.rejects(store.remove(idOf(1)), { code: 'ENOENT' });
      renameSync(away, here);
      await store.put(kept(4));
      assert.deepEqual(await fileOutbox(path).load(), [kept(2), kept(3), kept(4)]);
    }));

  it('holds whole lines alone on a disk that is full, and all of them when there is room again', { skip: mountable }, () =>
    inFolder(async (folder) => {
      await using disk = await SmallDisk.mount(folder, 1);
      const path = join(folder, 'outbox');
      const store = fileOutbox(path);
      const long = (number: number): KeptEvent => kept(number, { text: `"${number}${'x'.repeat(900)}"` });
      await store.put(kept(1));
      await disk.fill();
      const refused: unknown[] = [];
      let number = 2;
      // The page that the file has begun is its own: the line that leaves it is torn.
      for (; refused.length === 0; number++) await store.put(long(number)).catch((error: unknown) => refused.push(error));
      await assert.rejects(store.put(long(number)), { code: 'ENOSPC' });
      assert.deepEqual(readdirSync(folder).sort(), ['ballast', 'outbox'], 'nothing half written is left');
      disk.free();
      await store.put(kept(number + 1));
      const all = Array.from({ length: number - 1 }, (_, at) => long(at + 2));
      assert.deepEqual(await fileOutbox(path).load(), [kept(1), ...all, kept(number + 1)]);
    }),
  );
});
