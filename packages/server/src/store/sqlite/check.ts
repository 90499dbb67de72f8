/**
 * Reading everything, to say what is wrong. A slice at a time, each in a transaction of its own, while appends go on: one long
 * transaction would keep the WAL from being emptied, and deleted text in it.
 */
import { DatabaseSync } from 'node:sqlite';
import { FactCheck, type HeadRow } from './checkfacts.ts';
import { tables } from './schema.ts';
import { prepare, type Statement, transaction } from './statements.ts';

const sliceRows = 2_000;

export interface Counts {
  channels: number;
  events: number;
  facts: number;
}

interface EventRow {
  readonly offset: number;
  readonly n: number;
  readonly ts: number;
  readonly kind: string | null;
  /** text, integer (emptied) or blob (trimmed). */
  readonly type: string;
  readonly emptied: number | null;
  readonly hashBytes: number | null;
}

/** Where the reading of one channel stands. */
interface Place {
  offset: number;
  n: number;
  ts: number;
}

export class Check {
  readonly #db: DatabaseSync;
  readonly #report: (problem: string) => void;
  readonly #facts: FactCheck;
  readonly #nextHead: Statement<HeadRow>;
  readonly #head: Statement<HeadRow>;
  readonly #events: Statement<EventRow>;
  readonly #highest: Statement<{ offset: number | null }>;
  readonly #strayEvents: Statement<{ channel: number | null }>;
  readonly #counts: Counts = { channels: 0, events: 0, facts: 0 };
  /** How many events there were to read when it was begun. */
  readonly #total: Statement<{ events: number }>;
  #toRead = 0;

  constructor(db: DatabaseSync, report: (problem: string) => void) {
    this.#db = db;
    this.#report = report;
    this.#facts = new FactCheck(db, report);
    this.#nextHead = prepare(db, 'SELECT channel, name, head, n, first, ts FROM heads WHERE channel > ? ORDER BY channel LIMIT 1');
    this.#head = prepare(db, 'SELECT channel, name, head, n, first, ts FROM heads WHERE channel = ?');
    this.#events = prepare(
      db,
      `SELECT offset, n, ts, kind, typeof(body) AS type, iif(typeof(body) = 'integer', body, NULL) AS emptied,
         iif(typeof(body) = 'blob', length(body), NULL) AS hashBytes
       FROM events INDEXED BY events_place WHERE channel = ? AND offset > ? ORDER BY offset LIMIT ?`,
    );
    this.#highest = prepare(db, 'SELECT max(offset) AS offset FROM events WHERE channel = ?');
    this.#total = prepare(db, 'SELECT total(head) AS events FROM heads');
    this.#strayEvents = prepare(db, 'SELECT min(channel) AS channel FROM events WHERE channel > ?');
  }

  /** How much of the log has been read, 0…1. The file's own check, before it, can tell nothing. */
  get done(): number {
    return this.#toRead > 0 ? Math.min(1, this.#counts.events / this.#toRead) : 0;
  }

  /** Step by step: whoever runs it may rest at every `yield`. */
  *run(): Generator<undefined, Counts, undefined> {
    yield* this.#structure();
    this.#toRead = this.#total.get()?.events ?? 0;
    for (let channel = 0; ; ) {
      const head = this.#nextHead.get(channel);
      if (!head) break;
      channel = head.channel;
      this.#counts.channels += 1;
      yield* this.#channel(head);
      this.#counts.facts += yield* this.#facts.channel(head);
    }
    yield* this.#strays();
    return this.#counts;
  }

  *#structure(): Generator<undefined, void, undefined> {
    for (const { integrity_check: found } of prepare<{ integrity_check: string }>(this.#db, 'PRAGMA integrity_check(50)').iterate()) {
      if (found !== 'ok') this.#report(`the file: ${found}`);
    }
    yield;
    // An index that is missing makes nothing else complain, least of all that an id is there twice.
    const model = new DatabaseSync(':memory:');
    model.exec(tables);
    const schema = "SELECT type || ' ' || name AS item, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";
    const wanted = new Map(
      prepare<{ item: string; sql: string }>(model, schema)
        .all()
        .map(({ item, sql }) => [item, sql]),
    );
    model.close();
    const found = new Map(
      prepare<{ item: string; sql: string }>(this.#db, schema)
        .all()
        .map(({ item, sql }) => [item, sql]),
    );
    for (const [item, sql] of wanted) {
      if (!found.has(item)) this.#report(`the schema: ${item} is missing`);
      else if (found.get(item) !== sql) this.#report(`the schema: ${item} is not what it should be`);
    }
    for (const item of found.keys()) if (!wanted.has(item)) this.#report(`the schema: ${item} is not of ours`);
  }

  /** All events up to the head as it was when the channel was begun. */
  *#channel(start: HeadRow): Generator<undefined, void, undefined> {
    const { name, channel } = start;
    const say = (offset: number, text: string): void => this.#report(`${name}: event ${offset} ${text}`);
    if (start.head < 0 || start.n > start.head || start.first < 1 || start.first > start.head + 1) {
      this.#report(`${name}: head ${start.head}, n ${start.n}, first ${start.first} do not go together`);
    }
    const place: Place = { offset: 0, n: 0, ts: 0 };
    while (place.offset < start.head) {
      const before = place.offset;
      transaction(this.#db, 'BEGIN', () => {
        const head = this.#head.get(channel) ?? start;
        for (const row of this.#events.iterate(channel, before, Math.min(sliceRows, start.head - before))) {
          this.#event(head, place, row, (text) => say(row.offset, text));
          this.#counts.events += 1;
        }
      });
      if (place.offset === before) {
        this.#report(`${name}: events ${before + 1} to ${start.head} are missing`);
        break;
      }
      yield;
    }
    if (place.n !== start.n && place.offset === start.head)
      this.#report(`${name}: n is ${start.n} at the head and ${place.n} in its event`);
    if (place.ts > start.ts) this.#report(`${name}: the last event's time is above the head's`);
    transaction(this.#db, 'BEGIN', () => {
      const highest = this.#highest.get(channel)?.offset ?? 0;
      const head = this.#head.get(channel)?.head ?? 0;
      if (highest > head) this.#report(`${name}: there are events up to ${highest}, above the head ${head}`);
    });
  }

  #event(head: HeadRow, place: Place, row: EventRow, say: (text: string) => void): void {
    if (row.offset !== place.offset + 1) this.#report(`${head.name}: events ${place.offset + 1} to ${row.offset - 1} are missing`);
    else if (row.n !== place.n && row.n !== place.n + 1) say(`has n ${row.n} after ${place.n}`);
    if (row.ts < place.ts) say('is older than the one before it');
    if (row.offset < head.first) {
      if (row.kind !== null || (row.type !== 'blob' && row.type !== 'integer')) say('is below first and was not trimmed');
    } else if (row.kind === null || (row.type !== 'text' && row.type !== 'integer')) say('has lost its header or its body');
    if (row.hashBytes !== null && row.hashBytes !== 16) say('has a hash of another length than 16 bytes');
    if (row.emptied !== null) {
      if (row.emptied <= row.offset || row.emptied > head.head) say(`was emptied by ${row.emptied}, which cannot be`);
      this.#facts.emptied(head, row.offset, row.emptied, say);
    }
    place.offset = row.offset;
    place.n = row.n;
    place.ts = row.ts;
  }

  *#strays(): Generator<undefined, void, undefined> {
    for (let channel = this.#strayEvents.get(0)?.channel; channel != null; channel = this.#strayEvents.get(channel)?.channel) {
      if (!this.#head.get(channel)) this.#report(`there are events of a channel (${channel}) that has no head`);
      yield;
    }
    yield* this.#facts.strays();
  }
}
