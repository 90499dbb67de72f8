/** A batch in numbers, as the appending routine takes it (append.sql.ts), and what has become of it. */
import { type Header, headerText } from '@hubbub/protocol/event';
import { type Item, type Outcome, type Rejection, StoreError } from '../store.ts';
import { plain, texts } from './literal.ts';

/** Codes of `f_about` besides an offset. */
const noAbout = -1;
const aboutSelf = -2;
/** It is the store's own fact `empty:OFFSET`, named here only so that a requirement sees it. */
const ownFact = -3;

/** Gives equal texts equal numbers, from 1. */
class Numbers {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    const number = this.#numbers.get(text) ?? this.texts.push(text);
    this.#numbers.set(text, number);
    return number;
  }

  /** Whether it has been seen, and its number if so. */
  get(text: string): number | undefined {
    return this.#numbers.get(text);
  }
}

const inKey = (...parts: readonly (string | number)[]): string => parts.join('\n');

/** The routine's parameters, in its order, behind the caller's pair. */
export function parametersOf(items: readonly Item[]): string[] {
  const names = [...new Set(items.map(({ channel }) => channel))].sort();
  const channels = new Map(names.map((name, at) => [name, at + 1]));
  const channelOf = ({ channel }: Item): number => channels.get(channel) ?? 0;
  const makes = names.map(() => false);
  for (const item of items) if (item.probe !== true) makes[channelOf(item) - 1] = true;
  return [
    texts(names),
    plain(makes),
    ...itemColumns(items, channelOf),
    ...twins(items, channelOf),
    ...factColumns(items, channelOf),
    ...emptyColumns(items),
  ];
}

function itemColumns(items: readonly Item[], channelOf: (item: Item) => number): string[] {
  return [
    plain(items.map(channelOf)),
    texts(items.map(({ id }) => id)),
    texts(items.map(({ from }) => from)),
    texts(items.map(({ kind }) => kind)),
    texts(items.map(({ body }) => body)),
    plain(items.map(({ ts }) => ts ?? -1)),
    plain(items.map(({ counts }) => counts)),
    texts(items.map(({ empties }) => (empties?.length ? JSON.stringify(empties) : null))),
    texts(items.map(({ concerns }) => (concerns?.length ? JSON.stringify(concerns) : null))),
    texts(items.map((item) => (item.concerns?.length ? restOf(item) : null))),
    plain(items.map(({ probe }) => probe === true)),
    plain(items.map(({ follows }) => follows === true)),
  ];
}

/** The header's members that the store does not give, as text that `headerOf` reads. */
function restOf({ id, from, kind, empties, concerns }: Item): string {
  const header = { offset: 0, n: 0, ts: 0, id, from, kind };
  return headerText({ ...header, ...(empties?.length && { empties }), ...(concerns?.length && { concerns }) });
}

/** A header that was kept as `restOf` wrote it. */
export function headerOf(rest: string, offset: number, n: number, ts: number): Header {
  return { ...(JSON.parse(rest) as Header), offset, n, ts };
}

/** Which item before has the same id, and what tells whether it says the same. */
function twins(items: readonly Item[], channelOf: (item: Item) => number): string[] {
  const seen = new Map<string, number>();
  const values = new Numbers();
  const twin = items.map((item, at) => {
    const key = inKey(channelOf(item), item.id, item.from);
    const before = seen.get(key) ?? 0;
    seen.set(key, at + 1);
    return before;
  });
  const alone = !twin.some((before) => before > 0);
  return [plain(twin), plain(items.map(({ kind, body }) => (alone ? 0 : values.of(inKey(kind, body)))))];
}

/** Requirements and what they look at, and the facts that the items bring. */
function factColumns(items: readonly Item[], channelOf: (item: Item) => number): string[] {
  const looks = { channel: [] as number[], key: [] as string[], numbers: new Map<string, number>() };
  const values = new Numbers();
  for (const { requires } of items) for (const { value } of requires ?? []) if (value !== null) values.of(value);
  const numberOf = (value: string | null): number => (value === null ? -1 : (values.get(value) ?? 0));
  const required = { from: [0], look: [] as number[], write: [] as number[], value: [] as number[] };
  const facts: { item: number; key: string; value: string | null; number: number; about: number; write: number }[] = [];
  /** The last write of a key so far. */
  const written = new Map<string, number>();
  const write = (item: number, place: string, key: string, value: string | null, about: number): void => {
    written.set(place, facts.push({ item, key, value, number: numberOf(value), about, write: written.get(place) ?? 0 }));
  };
  for (const [at, item] of items.entries()) {
    const channel = channelOf(item);
    for (const { key, value } of item.requires ?? []) {
      const place = inKey(channel, key);
      let look = looks.numbers.get(place);
      if (look === undefined) {
        looks.channel.push(channel);
        look = looks.key.push(key);
        looks.numbers.set(place, look);
      }
      required.look.push(look);
      required.write.push(written.get(place) ?? 0);
      required.value.push(numberOf(value));
    }
    required.from.push(required.look.length);
    for (const offset of item.empties ?? []) {
      const key = `empty:${offset}`;
      write(at + 1, inKey(channel, key), key, 'true', ownFact);
    }
    for (const { key, value, about } of item.facts ?? []) {
      write(at + 1, inKey(channel, key), key, value, about === 'self' ? aboutSelf : (about ?? noAbout));
    }
  }
  const { from, look, write: writes, value } = required;
  return [
    ...[plain(looks.channel), texts(looks.key), texts(values.texts)],
    ...[plain(from), plain(look), plain(writes), plain(value)],
    ...[plain(facts.map((fact) => fact.item)), texts(facts.map(({ key }) => key)), texts(facts.map((fact) => fact.value))],
    ...[plain(facts.map(({ number }) => number)), plain(facts.map(({ about }) => about)), plain(facts.map((fact) => fact.write))],
  ];
}

/** Offsets whose bodies go. What is no offset becomes one that there never is. */
function emptyColumns(items: readonly Item[]): string[] {
  const from = [0];
  const places: { item: number; offset: number }[] = [];
  for (const [at, { empties }] of items.entries()) {
    for (const offset of empties ?? []) places.push({ item: at + 1, offset: Number.isSafeInteger(offset) ? offset : -1 });
    from.push(places.length);
  }
  return [plain(from), plain(places.map(({ item }) => item)), plain(places.map(({ offset }) => offset))];
}

export interface AppendRow {
  readonly o_status: string;
  readonly o_offsets: string;
  readonly o_ns: string;
  readonly o_times: string;
}

const rejections: ReadonlyMap<number, Rejection> = new Map([
  [4, 'requires'],
  [5, 'skipped'],
  [6, 'id_conflict'],
  [7, 'bad_empties'],
]);

export function outcomesOf(row: AppendRow): Outcome[] {
  const [offsets, ns, times] = [row.o_offsets, row.o_ns, row.o_times].map((text) => text.split(',').map(Number));
  return row.o_status.split(',').map((text, at): Outcome => {
    const status = Number(text);
    const code = rejections.get(status);
    if (code) return { status: 'rejected', code };
    const place = { offset: offsets?.[at] ?? 0, n: ns?.[at] ?? 0, ts: times?.[at] ?? 0 };
    switch (status) {
      case 1:
        return { status: 'committed', ...place };
      case 2:
        return { status: 'duplicate', ...place };
      case 3:
        return { status: 'absent' };
      case 8:
        return { status: 'passed' };
      default:
        throw new StoreError('unknown', `an outcome that there is not: ${text}`);
    }
  });
}
