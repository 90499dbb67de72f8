/** Planted damage: what `check` has to find, and that it has nothing to say of a store that is whole. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import type { Item } from '../store.ts';
import { openSqlite } from './open.ts';

const item = (number: number, more: Partial<Item> = {}): Item => ({
  channel: `room:${number % 3}`,
  id: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
  from: 'alice',
  kind: 'message',
  body: `"event ${number}"`,
  counts: number % 5 !== 0,
  ...more,
});

/** SQL that damages the store below, and what has to be said of it. */
const damages: readonly (readonly [sql: string, said: RegExp])[] = [
  ['DELETE FROM events WHERE channel = 1 AND offset = 30', /room:\d: events 30 to 30 are missing/],
  ['UPDATE heads SET head = head + 2 WHERE channel = 1', /room:\d: events \d+ to \d+ are missing/],
  ['UPDATE heads SET head = head - 2, n = n - 2 WHERE channel = 1', /above the head/],
  ['UPDATE events SET n = n + 1 WHERE channel = 1 AND offset = 30', /event 3[01] has n/],
  ['UPDATE heads SET n = n - 1 WHERE channel = 1', /n is \d+ at the head and \d+ in its event/],
  ['UPDATE heads SET first = 200 WHERE channel = 1', /do not go together/],
  ['UPDATE heads SET first = first + 1 WHERE channel = 1', /is below first and was not trimmed/],
  ['UPDATE events SET kind = NULL WHERE channel = 1 AND offset = 30', /event 30 has lost its header or its body/],
  ['UPDATE events SET body = 70 WHERE channel = 1 AND offset = 30', /event 30 has no body and there is no fact empty:30/],
  ["UPDATE events SET body = 'back again' WHERE typeof(body) = 'integer'", /fact empty:20 is there, and the event has a body/],
  ["UPDATE facts SET offset = 900 WHERE key = 'topic'", /fact topic was written by event 900, which does not exist/],
  ["UPDATE facts SET about = 900 WHERE key = 'topic'", /fact topic speaks of event 900, which does not exist/],
  ["UPDATE facts SET name = 'room:x' WHERE key = 'topic'", /fact topic is filed under room:x/],
  ['DROP INDEX events_id; UPDATE events SET id = (SELECT id FROM events WHERE row = 1) WHERE row = 4', /index events_id is missing/],
  [
    'INSERT INTO events SELECT NULL, 77, offset, n, ts, id, sender, kind, empties, concerns, body, pad FROM events WHERE row = 1',
    /a channel \(77\) that has no head/,
  ],
  [
    "INSERT INTO facts (channel, key, name, value, offset) VALUES (77, 'k', 'room:x', '1', 1)",
    /facts of a channel \(77\) that has no head/,
  ],
  [
    "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'facts_about') WHERE name = 'facts_offset'",
    /the file: /,
  ],
];

describe('sqlite: check', () => {
  const folders: string[] = [];
  after(() => {
    for (const path of folders) rmSync(path, { recursive: true, force: true });
  });

  async function folder(): Promise<string> {
    const path = mkdtempSync(join(tmpdir(), 'hubbub-check-'));
    folders.push(path);
    const store = await openSqlite(path);
    for (let number = 1; number <= 240; number++) {
      const facts = number === 90 ? { facts: [{ key: 'topic', value: '"x"', about: 5 }] } : {};
      await store.append([item(number, number === 180 ? { empties: [20, 2] } : facts)]);
    }
    // 2 was emptied and then trimmed: its fact stays, and goes with it.
    await store.trim('room:0', 11);
    await store.close();
    return path;
  }

  async function problemsOf(path: string): Promise<{ problems: string[]; counts: unknown }> {
    const problems: string[] = [];
    const store = await openSqlite(path);
    const counts = await store.powers.checkable?.check((problem) => problems.push(problem));
    await store.close();
    return { problems, counts };
  }

  it('has nothing to say of a store that is whole', async () => {
    assert.deepEqual(await problemsOf(await folder()), { problems: [], counts: { channels: 3, events: 240, facts: 3 } });
  });

  for (const [sql, said] of damages) {
    it(`finds: ${sql}`, async () => {
      const path = await folder();
      const db = new DatabaseSync(join(path, 'hubbub.sqlite'));
      db.enableDefensive(false);
      db.exec(sql.replaceAll('channel = 1', "channel = (SELECT channel FROM heads WHERE name = 'room:0')"));
      db.close();
      const { problems } = await problemsOf(path);
      assert.match(problems.join('\n'), said);
    });
  }
});
