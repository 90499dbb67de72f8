/** Deleted means gone: 10 s after an `empties` no byte of the text is in the folder, while the store runs. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openSqlite } from '@hubbub/server/store/sqlite/open';
import type { Item, Store } from '@hubbub/server/store/store';
import { idOf, item, removeFolders, run, seeded, temporaryFolder, waitFor } from './store-rig.ts';

/** The texts of `patterns` that a process of its own finds in some file of the folder: this one must not open what SQLite holds. */
async function found(folder: string, patterns: readonly string[]): Promise<string[]> {
  const list = join(temporaryFolder(), 'patterns');
  writeFileSync(list, patterns.join('\n'));
  const hits = await run('grep', ['-rhoaFf', list, folder], { maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: { code: number; stdout: string }) => {
      // 1: grep has found nothing.
      if (error.code !== 1) throw error;
      return error;
    },
  );
  return [...new Set(hits.stdout.split('\n').filter((line) => line !== ''))];
}

describe('sqlite: deleted text is nowhere in the folder', () => {
  const folder = (): string => {
    const path = join(temporaryFolder(), 'data');
    mkdirSync(path);
    return path;
  };
  after(removeFolders);

  it('an event, 10 s after it was emptied, while the store runs and with the times that a server has', async () => {
    const data = folder();
    const store = await openSqlite(data);
    await store.append([item(1, { body: '"a secret nobody may read"' })]);
    assert.equal((await found(data, ['a secret nobody may read'])).length, 1);
    const began = Date.now();
    await store.append([item(2, { empties: [1] })]);
    // Never idle meanwhile: the deadline alone has to do it.
    let number = 3;
    await waitFor(
      'the text to be gone',
      async () => {
        await store.append([item(number++)]);
        return (await found(data, ['a secret nobody may read'])).length === 0;
      },
      10_000,
    );
    assert.ok(Date.now() - began < 10_000);
    await store.close();
  });

  it('thousands of events and facts in hundreds of channels, deleted here and there: none leaves a copy behind', async () => {
    const data = folder();
    const store = await openSqlite(data, { forgetMs: 50, idleMs: 50 });
    const random = seeded(7);
    const gone: string[] = [];
    const live: { channel: string; offset: number; text: string }[] = [];
    const facts = new Map<string, string>();
    const heads = new Map<string, number>();
    let number = 0;

    // Its name all over, so that no part of it can hide; some are longer than a page.
    const text = (): string => `secret${String(++number).padStart(8, '0')}x`.repeat(1 + Math.floor(random() ** 4 * 500));
    const name = (body: string): string => body.slice(0, 15);
    const draw = (): Item => {
      const channel = `room:r${Math.floor(random() * 200)}`;
      const offset = (heads.get(channel) ?? 0) + 1;
      heads.set(channel, offset);
      const body = random() < 0.05 ? '1' : text();
      const mine = live.findIndex((event) => event.channel === channel);
      const victim = random() < 0.4 && mine >= 0 ? live.splice(mine, 1)[0] : undefined;
      if (victim) gone.push(name(victim.text));
      if (body !== '1') live.push({ channel, offset, text: body });
      const key = `edit:${Math.floor(random() * 6)}`;
      const written = random() < 0.8;
      const value = random() < 0.1 ? null : text();
      if (written) {
        const before = facts.get(channel + key);
        if (before) gone.push(name(before));
        if (value === null) facts.delete(channel + key);
        else facts.set(channel + key, value);
      }
      return item(number, {
        channel,
        id: idOf(0x10_0000 + ++number),
        body: JSON.stringify(body),
        ...(victim ? { empties: [victim.offset] } : {}),
        ...(written ? { facts: [{ key, value: value === null ? null : JSON.stringify(value), about: 1 }] } : {}),
      });
    };
    for (let batch = 0; batch < 200; batch++) {
      const { outcomes } = await store.append(Array.from({ length: 60 }, draw));
      assert.ok(outcomes.every((outcome) => outcome.status === 'committed'));
    }
    assert.ok(gone.length > 3_000);
    await waitFor('all of them to be gone', async () => (await found(data, gone)).length === 0, 10_000);
    const kept = [...live.map((event) => name(event.text)), ...[...facts.values()].map(name)];
    assert.equal((await found(data, kept)).length, kept.length);
    await clean(store);
    await store.close();
  });

  it('a trim', async () => {
    const data = folder();
    const store = await openSqlite(data, { forgetMs: 50, idleMs: 50 });
    for (let batch = 0; batch < 15; batch++) {
      await store.append(
        Array.from({ length: 100 }, (_, at) =>
          item(batch * 100 + at + 1, { body: `"trimmed${String(batch * 100 + at + 1).padStart(5, '0')}"` }),
        ),
      );
    }
    await store.trim('room:a', 1_301);
    const texts = Array.from({ length: 1_500 }, (_, at) => `trimmed${String(at + 1).padStart(5, '0')}`);
    await waitFor('the dropped ones to be gone', async () => (await found(data, texts.slice(0, 1_300))).length === 0);
    assert.equal((await found(data, texts)).length, 200);
    await clean(store);
    await store.close();
  });
});

async function clean(store: Store): Promise<void> {
  const problems: string[] = [];
  await store.powers.checkable?.check((problem) => problems.push(problem));
  assert.deepEqual(problems, []);
}
