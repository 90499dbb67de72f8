/** Planted damage: what `check` has to find, and that it has nothing to say of a store that is whole. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import type { Item } from '../store.ts';
import { Check } from './check.ts';
import { openSqlite } from './open.ts';
import { openReading } from './schema.ts';
import { pragma } from './statements.ts';

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
  ['UPDATE events SET n = n + 2 WHERE channel = 1 AND offset = 30', /event 3[01] has n/],
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
  ['DROP INDEX facts_about; CREATE INDEX facts_about ON facts (channel)', /index facts_about is not what it should be/],
  ['CREATE TABLE addresses (name TEXT)', /table addresses is not of ours/],
];

describe('sqlite: check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hubbub-check-'));
  const whole = join(folder, 'hubbub.sqlite');
  const damaged = join(folder, 'damaged.sqlite');
  let counts: unknown;
  const problems: string[] = [];

  before(async () => {
    const store = await openSqlite(folder);
    for (let number = 1; number <= 240; number++) {
      const facts = number === 90 ? { facts: [{ key: 'topic', value: '"x"', about: 5 }] } : {};
      await store.append([item(number, number === 180 ? { empties: [20, 2] } : facts)]);
    }
    // 2 was emptied and then trimmed: its fact stays, and goes with it.
    await store.trim('room:0', 11);
    counts = await store.powers.checkable?.check((problem) => problems.push(problem));
    await store.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What is said of a copy that `damage` has been done to. */
  function damage(work: (db: DatabaseSync) => void): string {
    copyFileSync(whole, damaged);
    const db = new DatabaseSync(damaged);
    work(db);
    db.close();
    return said();
  }

  function said(): string {
    const db = openReading(damaged, 1_024);
    const found: string[] = [];
    const steps = new Check(db, (problem) => found.push(problem)).run();
    while (!steps.next().done);
    db.close();
    return found.join('\n');
  }

  it('has nothing to say of a store that is whole, while it runs', () => {
    assert.deepEqual(problems, []);
    assert.deepEqual(counts, { channels: 3, events: 240, facts: 3 });
  });

  for (const [sql, expected] of damages) {
    it(`finds: ${sql}`, () => {
      const text = damage((db) => db.exec(sql.replaceAll('channel = 1', "channel = (SELECT channel FROM heads WHERE name = 'room:0')")));
      assert.match(text, expected);
    });
  }

  it('finds an index that does not go with its table', () => {
    let at = 0;
    damage((db) => {
      const size = Number(pragma(db, 'page_size'));
      // The end of the page is the end of its first entry: the row that it names.
      at = Number(db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'facts_key'").get()?.rootpage) * size - 1;
    });
    const bytes = readFileSync(damaged);
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    writeFileSync(damaged, bytes);
    assert.match(said(), /the file: .*missing from index facts_key/);
  });
});
