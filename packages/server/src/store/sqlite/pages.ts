/**
 * What the reading worker answers. Each answer is one generator inside one transaction: whoever runs it may rest at every `yield`, so
 * that a large page holds up no look.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Entry, Header } from '@hubbub/protocol/event';
import type { Heads, Page, Pair, Range, Standing } from '../store.ts';
import { idText, prepare, type Statement } from './statements.ts';

export type Sliced<Result> = Generator<undefined, Result, undefined>;

interface EventRow {
  readonly offset: number;
  readonly n: number;
  readonly ts: number;
  readonly id: Uint8Array;
  readonly sender: string;
  readonly kind: string;
  readonly empties: string | null;
  readonly concerns: string | null;
  readonly body: string | number;
}

interface HeadRow extends Standing {
  readonly channel: number;
}

const columns = 'offset, n, ts, id, sender, kind, empties, concerns, body';
const nothing: Standing = { head: 0, n: 0, first: 1 };

export class Pages {
  readonly #pair: Statement<{ epoch: string; commits: number }>;
  readonly #head: Statement<HeadRow>;
  readonly #heads: Statement<Standing & { at: number }>;
  readonly #after: Statement<EventRow>;
  readonly #before: Statement<EventRow>;

  constructor(db: DatabaseSync) {
    this.#pair = prepare(db, 'SELECT epoch, commits FROM meta');
    this.#head = prepare(db, 'SELECT channel, head, n, first FROM heads WHERE name = ?');
    this.#heads = prepare(
      db,
      'SELECT asked.key AS at, head, n, first FROM json_each(?) AS asked CROSS JOIN heads ON heads.name = asked.value',
    );
    this.#after = prepare(db, `SELECT ${columns} FROM events WHERE channel = ? AND offset >= ? ORDER BY offset LIMIT ?`);
    this.#before = prepare(
      db,
      `SELECT ${columns} FROM events WHERE channel = ? AND offset < ? AND offset >= ? ORDER BY offset DESC LIMIT ?`,
    );
  }

  pair(): Pair {
    const row = this.#pair.get();
    if (!row) throw new Error('the meta row is gone');
    return { epoch: row.epoch, mark: String(row.commits) };
  }

  *read(channel: string, range: Range, limit: number): Sliced<Page> {
    const row = this.#head.get(channel);
    if (!row) return { ...this.pair(), ...nothing, entries: [] };
    const rows =
      'after' in range
        ? this.#after.iterate(row.channel, Math.max(range.after + 1, row.first), limit)
        : this.#before.iterate(row.channel, range.before, row.first, limit);
    const entries: Entry[] = [];
    for (const event of rows) {
      entries.push(entryOf(event));
      if (entries.length % 32 === 0) yield;
    }
    if ('before' in range) entries.reverse();
    return { ...this.pair(), head: row.head, n: row.n, first: row.first, entries };
  }

  *heads(channels: readonly string[]): Sliced<Heads> {
    const heads: Standing[] = channels.map(() => nothing);
    let count = 0;
    for (const { at, head, n, first } of this.#heads.iterate(JSON.stringify(channels))) {
      heads[at] = { head, n, first };
      if (++count % 200 === 0) yield;
    }
    return { ...this.pair(), heads };
  }
}

function entryOf(row: EventRow): Entry {
  const plain = { offset: row.offset, n: row.n, ts: row.ts, id: idText(row.id), from: row.sender, kind: row.kind };
  const empties = row.empties === null ? {} : { empties: JSON.parse(row.empties) as number[] };
  const concerns = row.concerns === null ? {} : { concerns: JSON.parse(row.concerns) as string[] };
  const header: Header = { ...plain, ...empties, ...concerns };
  return typeof row.body === 'number' ? { header, body: null, emptied: row.body } : { header, body: row.body };
}
