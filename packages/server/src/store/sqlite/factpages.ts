/** Pages of facts, each kind of query over an index of its own order. */
import type { DatabaseSync } from 'node:sqlite';
import type { Fact, FactQuery } from '../store.ts';
import type { Sliced } from './pages.ts';
import { prepare, type Statement } from './statements.ts';

interface FactRow {
  readonly name: string;
  readonly key: string;
  readonly value: string | null;
  readonly offset: number;
  readonly about: number | null;
}

interface Found {
  readonly facts: Fact[];
  readonly next?: string;
}

const columns = 'name, key, value, offset, about';

export class FactPages {
  readonly #channel: Statement<{ channel: number }>;
  readonly #prefix: Statement<FactRow>;
  readonly #after: Statement<FactRow>;
  readonly #about: Statement<FactRow>;
  readonly #pairs: Statement<FactRow & { at: number }>;
  readonly #with: Statement<FactRow>;

  constructor(db: DatabaseSync) {
    this.#channel = prepare(db, 'SELECT channel FROM heads WHERE name = ?');
    this.#prefix = prepare(db, `SELECT ${columns} FROM facts WHERE channel = ? AND key >= ? ORDER BY key`);
    this.#after = prepare(
      db,
      `SELECT ${columns} FROM facts WHERE channel = ? AND key IS NOT NULL AND (offset, key) >= (?, ?) ORDER BY offset, key`,
    );
    this.#about = prepare(
      db,
      `SELECT ${columns} FROM facts WHERE channel = ? AND (about, key) >= (?, ?) AND about <= ? ORDER BY about, key`,
    );
    this.#pairs = prepare(
      db,
      `SELECT asked.key AS at, facts.name, facts.key, facts.value, facts.offset, facts.about
       FROM json_each(?) AS asked CROSS JOIN heads ON heads.name = asked.value ->> 0
       CROSS JOIN facts ON facts.channel = heads.channel AND facts.key = asked.value ->> 1`,
    );
    this.#with = prepare(db, `SELECT ${columns} FROM facts WHERE key IS NOT NULL AND (key, name) >= (?, ?) ORDER BY key, name`);
  }

  /** At most `limit` facts from where the page before ended. Places in `next` are JSON arrays: opaque to callers. */
  *page(query: FactQuery, limit: number, from?: string): Sliced<Found> {
    const place: unknown[] = from === undefined ? [] : (JSON.parse(from) as unknown[]);
    if ('pairs' in query) return yield* this.#pairsPage(query.pairs, limit, numberAt(place, 0) ?? 0);
    if ('with' in query) {
      const rows = this.#with.iterate(textAt(place, 0) ?? query.with, textAt(place, 1) ?? '');
      return yield* gather(
        rows,
        limit,
        (row) => row.key.startsWith(query.with),
        (row) => [row.key, row.name],
      );
    }
    const channel = this.#channel.get(query.channel)?.channel;
    if (channel === undefined) return { facts: [] };
    if ('prefix' in query) {
      const rows = this.#prefix.iterate(channel, textAt(place, 0) ?? query.prefix);
      return yield* gather(
        rows,
        limit,
        (row) => row.key.startsWith(query.prefix),
        (row) => [row.key],
      );
    }
    if ('after' in query) {
      const rows = this.#after.iterate(channel, numberAt(place, 0) ?? query.after + 1, textAt(place, 1) ?? '');
      return yield* gather(
        rows,
        limit,
        () => true,
        (row) => [row.offset, row.key],
      );
    }
    const [low, high] = query.about;
    const rows = this.#about.iterate(channel, numberAt(place, 0) ?? low, textAt(place, 1) ?? '', high);
    return yield* gather(
      rows,
      limit,
      () => true,
      (row) => [row.about, row.key],
    );
  }

  *#pairsPage(pairs: readonly { channel: string; key: string }[], limit: number, start: number): Sliced<Found> {
    const asked = JSON.stringify(pairs.slice(start).map(({ channel, key }) => [channel, key]));
    const facts: Fact[] = [];
    for (const row of this.#pairs.iterate(asked)) {
      if (facts.length === limit) return { facts, next: JSON.stringify([start + row.at]) };
      facts.push(factOf(row));
      if (facts.length % 100 === 0) yield;
    }
    return { facts };
  }
}

/** Takes rows while they belong; the first that finds no room is where the next page begins. */
function* gather(
  rows: Iterable<FactRow>,
  limit: number,
  belongs: (row: FactRow) => boolean,
  place: (row: FactRow) => unknown[],
): Sliced<Found> {
  const facts: Fact[] = [];
  for (const row of rows) {
    if (!belongs(row)) break;
    if (facts.length === limit) return { facts, next: JSON.stringify(place(row)) };
    facts.push(factOf(row));
    if (facts.length % 100 === 0) yield;
  }
  return { facts };
}

function factOf({ name: channel, key, value, offset, about }: FactRow): Fact {
  return about === null ? { channel, key, value, offset } : { channel, key, value, offset, about };
}

function textAt(place: unknown[], index: number): string | undefined {
  const value = place[index];
  return typeof value === 'string' ? value : undefined;
}

function numberAt(place: unknown[], index: number): number | undefined {
  const value = place[index];
  return typeof value === 'number' ? value : undefined;
}
