/** The facts' part of a check: each speaks of what is there, and says so where text was deleted. */
import type { DatabaseSync } from 'node:sqlite';
import { prepare, type Statement, transaction } from './statements.ts';

const sliceRows = 1_000;

export interface HeadRow {
  readonly channel: number;
  readonly name: string;
  readonly head: number;
  readonly n: number;
  readonly first: number;
  readonly ts: number;
}

interface FactRow {
  readonly key: string;
  readonly name: string | null;
  readonly offset: number | null;
  readonly about: number | null;
}

export class FactCheck {
  readonly #db: DatabaseSync;
  readonly #report: (problem: string) => void;
  readonly #head: Statement<{ head: number }>;
  readonly #facts: Statement<FactRow>;
  readonly #exists: Statement<{ type: string }>;
  readonly #empty: Statement<{ value: string | null; offset: number; about: number | null }>;
  readonly #strayFacts: Statement<{ channel: number | null }>;

  constructor(db: DatabaseSync, report: (problem: string) => void) {
    this.#db = db;
    this.#report = report;
    this.#head = prepare(db, 'SELECT head FROM heads WHERE channel = ?');
    this.#facts = prepare(db, 'SELECT key, name, offset, about FROM facts WHERE channel = ? AND key > ? ORDER BY key LIMIT ?');
    this.#exists = prepare(db, 'SELECT typeof(body) AS type FROM events WHERE channel = ? AND offset = ?');
    this.#empty = prepare(db, 'SELECT value, offset, about FROM facts WHERE channel = ? AND key = ?');
    this.#strayFacts = prepare(db, 'SELECT min(channel) AS channel FROM facts WHERE channel > ? AND key IS NOT NULL');
  }

  /** An event without a body: is there the fact that goes with it? */
  emptied({ channel }: HeadRow, offset: number, by: number, say: (text: string) => void): void {
    const fact = this.#empty.get(channel, `empty:${offset}`);
    if (!fact) say(`has no body and there is no fact empty:${offset}`);
    else if (fact.offset !== by || fact.about !== offset || fact.value !== 'true')
      say(`was emptied by ${by}; the fact empty:${offset} says otherwise`);
  }

  /** All facts of one channel. Returns how many. */
  *channel({ channel, name }: HeadRow): Generator<undefined, number, undefined> {
    let count = 0;
    for (let last = ''; ; ) {
      const rows = transaction(this.#db, 'BEGIN', () => {
        const slice = this.#facts.all(channel, last, sliceRows);
        for (const fact of slice) this.#fact(channel, name, fact);
        return slice;
      });
      count += rows.length;
      const end = rows.at(-1);
      if (!end || rows.length < sliceRows) return count;
      last = end.key;
      yield;
    }
  }

  #fact(channel: number, name: string, fact: FactRow): void {
    const say = (text: string): void => this.#report(`${name}: fact ${fact.key} ${text}`);
    if (fact.name !== name) say(`is filed under ${fact.name}`);
    if (fact.offset === null || !this.#exists.get(channel, fact.offset)) say(`was written by event ${fact.offset}, which does not exist`);
    const about = fact.about === null ? undefined : this.#exists.get(channel, fact.about);
    if (fact.about !== null && !about) say(`speaks of event ${fact.about}, which does not exist`);
    const empty = /^empty:([1-9][0-9]*)$/.exec(fact.key);
    if (!empty) return;
    const type = this.#exists.get(channel, Number(empty[1]))?.type;
    if (type !== 'integer') say('is there, and the event has a body');
  }

  *strays(): Generator<undefined, void, undefined> {
    for (let channel = this.#strayFacts.get(0)?.channel; channel != null; channel = this.#strayFacts.get(channel)?.channel) {
      if (!this.#head.get(channel)) this.#report(`there are facts of a channel (${channel}) that has no head`);
      yield;
    }
  }
}
