/** What the rules share: items, short ways to ask, and chance that a seed decides. */
import assert from 'node:assert/strict';
import type { Entry } from '@hubbub/protocol/event';
import { type Appended, type Fact, type FactQuery, type Item, type Outcome, type Store, type StoreCode, StoreError } from '../store.ts';

export const room = 'room:a';

/** The same number is the same id. */
export function idOf(number: number): string {
  return `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function item(number: number, more: Partial<Item> = {}): Item {
  return { channel: room, id: idOf(number), from: 'alice', kind: 'message', body: `{"text":"event ${number}"}`, counts: true, ...more };
}

export async function outcomesOf(store: Store, ...items: Item[]): Promise<readonly Outcome[]> {
  const { outcomes } = await store.append(items);
  assert.equal(outcomes.length, items.length, 'one outcome for each item');
  return outcomes;
}

/** The outcome in a word: `committed 3`, `duplicate 3`, `absent`, `requires`. */
export function said(outcome: Outcome): string {
  switch (outcome.status) {
    case 'committed':
    case 'duplicate':
      return `${outcome.status} ${outcome.offset}`;
    case 'absent':
    case 'passed':
      return outcome.status;
    case 'rejected':
      return outcome.code;
  }
}

export async function appendSaid(store: Store, ...items: Item[]): Promise<string[]> {
  return (await outcomesOf(store, ...items)).map(said);
}

/** Appends what has to go in. */
export async function commit(store: Store, ...items: Item[]): Promise<Appended> {
  const appended = await store.append(items);
  for (const outcome of appended.outcomes) assert.equal(outcome.status, 'committed', said(outcome));
  return appended;
}

/** All kept entries of a channel. */
export async function entriesOf(store: Store, channel = room): Promise<Entry[]> {
  const all: Entry[] = [];
  for (;;) {
    const { entries } = await store.read(channel, { after: all.at(-1)?.header.offset ?? 0 }, 512);
    if (entries.length === 0) return all;
    const first = entries[0]?.header.offset ?? 0;
    assert.ok(first > (all.at(-1)?.header.offset ?? 0), 'a page begins after what was asked for');
    all.push(...entries);
  }
}

/** All facts of a query, in one page. */
export async function factsOf(store: Store, query: FactQuery): Promise<readonly Fact[]> {
  const page = await store.facts(query, 1_000);
  assert.equal(page.next, undefined);
  return page.facts;
}

/** What a channel holds, all of it: for "nothing was written". */
export async function everything(store: Store, channel = room): Promise<unknown> {
  const { heads } = await store.heads([channel]);
  return { heads, entries: await entriesOf(store, channel), facts: await factsOf(store, { channel, prefix: '' }) };
}

export async function failsWith(code: StoreCode, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof StoreError, `no StoreError: ${error}`);
    assert.equal(error.code, code);
    return true;
  });
}

/** One turn of the event loop: pauses are counted in these, so that no test waits for a clock. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export async function turns(count: number): Promise<void> {
  for (let at = 0; at < count; at++) await turn();
}

/** Runs `work` with others beside it, who may ask whether it has ended. Throws what any of them has thrown, once all are at an end. */
export async function beside<Result>(
  work: () => Promise<unknown>,
  others: readonly ((ended: () => boolean) => Promise<Result>)[],
): Promise<Result[]> {
  let done = false;
  const running = others.map((other) => other(() => done));
  const working = work().finally(() => {
    done = true;
  });
  await Promise.allSettled([working, ...running]);
  await working;
  return Promise.all(running);
}

/** Whole numbers below a bound, the same ones for the same seed (mulberry32). */
export function dice(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

export function range(count: number, first = 0): number[] {
  return Array.from({ length: count }, (_, at) => first + at);
}
