/** Appending: what one batch does inside its transaction. */
import type { DatabaseSync } from 'node:sqlite';
import { type Header, headerText } from '@hubbub/protocol/event';
import type { Item, Outcome } from '../store.ts';
import type { Work } from './commits.ts';
import { FactTable } from './facts.ts';
import { hashOf } from './hash.ts';
import { idBytes, prepare, type Statement } from './statements.ts';

interface HeadRow {
  readonly channel: number;
  readonly head: number;
  readonly n: number;
  readonly first: number;
  readonly ts: number;
}

/** A channel as the batch sees it. `key` is 0 until it has a row: asking about a channel makes none. */
interface Channel {
  readonly name: string;
  key: number;
  head: number;
  n: number;
  first: number;
  ts: number;
  /** Appended to in this batch. */
  moved: boolean;
  /** What became of the item before. */
  last: Outcome | undefined;
}

interface StoredRow {
  readonly offset: number;
  readonly n: number;
  readonly ts: number;
  readonly kind: string | null;
  readonly body: string | number | Uint8Array;
}

export interface Batch extends Work {
  readonly outcomes: Outcome[];
  /** How many rows went into `moves`. */
  readonly moves: number;
}

export class Appender {
  readonly #facts: FactTable;
  readonly #head: Statement<HeadRow>;
  readonly #newHead: Statement;
  readonly #setHead: Statement;
  readonly #find: Statement<StoredRow>;
  readonly #insert: Statement;
  readonly #empty: Statement;
  readonly #move: Statement;
  #channels = new Map<string, Channel>();
  #moves = 0;
  #emptied = false;

  constructor(db: DatabaseSync) {
    this.#facts = new FactTable(db);
    this.#head = prepare(db, 'SELECT channel, head, n, first, ts FROM heads WHERE name = ?');
    this.#newHead = prepare(db, 'INSERT INTO heads (name, head, n, first, ts) VALUES (?, 0, 0, 1, 0)');
    this.#setHead = prepare(db, 'UPDATE heads SET head = ?, n = ?, ts = ? WHERE channel = ?');
    this.#find = prepare(db, 'SELECT offset, n, ts, kind, body FROM events WHERE id = ? AND channel = ? AND sender = ?');
    this.#insert = prepare(
      db,
      `INSERT INTO events (channel, offset, n, ts, id, sender, kind, empties, concerns, body, pad)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    // The cast: a number is bound as a double, and a column of any type keeps it so.
    this.#empty = prepare(
      db,
      `UPDATE events SET body = CAST(? AS INTEGER), pad = NULL WHERE channel = ? AND offset = ? AND typeof(body) = 'text'`,
    );
    this.#move = prepare(db, 'INSERT INTO moves (channel, offset, n, at, header) VALUES (?, ?, ?, ?, ?)');
  }

  /** Applies the items in order. What it throws has to roll the transaction back. */
  apply(items: readonly Item[], now: number): Batch {
    this.#channels = new Map();
    this.#moves = 0;
    this.#emptied = false;
    const outcomes = items.map((item) => {
      const channel = this.#channel(item.channel);
      channel.last = this.#applyOne(item, channel, now);
      return channel.last;
    });
    for (const channel of this.#channels.values()) {
      if (!channel.moved) continue;
      this.#setHead.run(channel.head, channel.n, channel.ts, channel.key);
      this.#addMove(channel, now, null);
    }
    return { outcomes, moves: this.#moves, nothing: this.#moves === 0, emptied: this.#emptied };
  }

  #channel(name: string): Channel {
    let channel = this.#channels.get(name);
    if (!channel) {
      const row = this.#head.get(name);
      channel = row
        ? { name, key: row.channel, head: row.head, n: row.n, first: row.first, ts: row.ts, moved: false, last: undefined }
        : { name, key: 0, head: 0, n: 0, first: 1, ts: 0, moved: false, last: undefined };
      this.#channels.set(name, channel);
    }
    return channel;
  }

  #applyOne(item: Item, channel: Channel, now: number): Outcome {
    if (item.follows && channel.last?.status === 'rejected' && (channel.last.code === 'requires' || channel.last.code === 'skipped')) {
      return { status: 'rejected', code: 'skipped' };
    }
    const id = idBytes(item.id);
    const stored = channel.key === 0 ? undefined : this.#find.get(id, channel.key, item.from);
    if (stored) return sameEvent(item, stored) ? { status: 'duplicate', offset: stored.offset, n: stored.n, ts: stored.ts } : conflict;
    if (item.probe) return { status: 'absent' };
    for (const { key, value } of item.requires ?? []) {
      const present = channel.key === 0 ? null : this.#facts.value(channel.key, key);
      if (present !== value) return { status: 'rejected', code: 'requires' };
    }
    for (const offset of item.empties ?? []) {
      if (!Number.isSafeInteger(offset) || offset < channel.first || offset > channel.head)
        return { status: 'rejected', code: 'bad_empties' };
    }
    return this.#commit(item, channel, id, now);
  }

  #commit(item: Item, channel: Channel, id: Uint8Array, now: number): Outcome {
    if (channel.key === 0) channel.key = Number(this.#newHead.run(channel.name).lastInsertRowid);
    channel.head += 1;
    if (item.counts) channel.n += 1;
    channel.ts = Math.max(channel.ts, item.ts ?? now);
    const { key, name, head: offset, n, ts } = channel;
    const empties = item.empties?.length ? JSON.stringify(item.empties) : null;
    const concerns = item.concerns?.length ? JSON.stringify(item.concerns) : null;
    const pad = item.body.length < shortest ? new Uint8Array(shortest - item.body.length) : null;
    this.#insert.run(key, offset, n, ts, id, item.from, item.kind, empties, concerns, item.body, pad);
    for (const emptied of item.empties ?? []) {
      // Emptied before: the fact goes on naming the event that did it.
      if (this.#empty.run(offset, key, emptied).changes !== 1) continue;
      this.#facts.write({ channel: key, name, offset }, `empty:${emptied}`, 'true', emptied);
      this.#emptied = true;
    }
    for (const fact of item.facts ?? []) {
      const about = fact.about === 'self' ? offset : (fact.about ?? null);
      this.#facts.write({ channel: key, name, offset }, fact.key, fact.value, about);
    }
    channel.moved = true;
    if (concerns !== null) this.#addMove(channel, now, headerText(headerOf(item, offset, n, ts)));
    return { status: 'committed', offset, n, ts };
  }

  #addMove(channel: Channel, now: number, header: string | null): void {
    this.#move.run(channel.key, channel.head, channel.n, now, header);
    this.#moves += 1;
  }
}

/** A hash takes 16 bytes, an offset 8 at most: a row whose body is shorter is padded, so that it never grows (see schema.ts). */
const shortest = 16;

const conflict: Outcome = { status: 'rejected', code: 'id_conflict' };

function sameEvent(item: Item, stored: StoredRow): boolean {
  if (typeof stored.body === 'number') return true;
  if (typeof stored.body === 'string') return stored.kind === item.kind && stored.body === item.body;
  return Buffer.compare(stored.body, hashOf(item.kind, item.body)) === 0;
}

function headerOf(item: Item, offset: number, n: number, ts: number): Header {
  const header = { offset, n, ts, id: item.id, from: item.from, kind: item.kind };
  const empties = item.empties?.length ? { empties: item.empties } : {};
  const concerns = item.concerns?.length ? { concerns: item.concerns } : {};
  return { ...header, ...empties, ...concerns };
}
