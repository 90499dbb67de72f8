import type { Entry, Header } from '@hubbub/protocol/event';
import type { Fact, FactWrite, Item, Outcome, Page, Range, Rejection, Standing } from '../store.ts';

/** An event whose body is null was emptied. A trimmed one keeps its body, which nobody reads any more: it stands for the hash of a database. */
interface Stored {
  readonly header: Header;
  body: string | null;
  emptied?: number;
}

/** One channel: its log, its ids, its facts. All in memory, all synchronous: an instant of it is an instant. */
export class ChannelLog {
  readonly name: string;
  readonly facts = new Map<string, Fact>();
  readonly #events: Stored[] = [];
  readonly #ids = new Map<string, number>();
  #first = 1;

  constructor(name: string) {
    this.name = name;
  }

  get standing(): Standing {
    return { head: this.#events.length, n: this.#events.at(-1)?.header.n ?? 0, first: this.#first };
  }

  /** What an item would come to; nothing is written. Undefined: it can be committed. */
  refuse(item: Item): Outcome | undefined {
    const known = this.#ids.get(`${item.from} ${item.id}`);
    if (known !== undefined) return this.#repeated(item, known);
    if (item.probe) return { status: 'absent' };
    for (const { key, value } of item.requires ?? []) if ((this.facts.get(key)?.value ?? null) !== value) return rejected('requires');
    const own = this.#events.length + 1;
    for (const offset of item.empties ?? []) {
      if (!Number.isSafeInteger(offset) || offset < this.#first || offset >= own) return rejected('bad_empties');
    }
    return undefined;
  }

  /** Commits an item that is not refused. A body that is gone stays as it is, with the fact that says so. */
  commit(item: Item, now: number): Outcome & { readonly header: Header } {
    const last = this.#events.at(-1)?.header;
    const offset = this.#events.length + 1;
    const n = (last?.n ?? 0) + (item.counts ? 1 : 0);
    const ts = Math.max(last?.ts ?? 0, Math.floor(item.ts ?? now));
    const { id, from, kind } = item;
    const empties = item.empties?.length ? item.empties : undefined;
    const concerns = item.concerns?.length ? item.concerns : undefined;
    const header: Header = { offset, n, ts, id, from, kind, ...(empties && { empties }), ...(concerns && { concerns }) };
    this.#events.push({ header, body: item.body });
    this.#ids.set(`${from} ${id}`, offset);
    for (const fact of item.facts ?? []) this.#write(fact, offset);
    for (const emptied of empties ?? []) {
      const event = this.#events[emptied - 1];
      if (!event || event.body === null) continue;
      event.body = null;
      event.emptied = offset;
      this.#write({ key: `empty:${emptied}`, value: 'true', about: emptied }, offset);
    }
    return { status: 'committed', offset, n, ts, header };
  }

  read(range: Range, limit: number): Pick<Page, 'entries'> {
    const head = this.#events.length;
    const from =
      'after' in range ? Math.max(range.after + 1, this.#first) : Math.max(this.#first, Math.min(range.before, head + 1) - limit);
    const to = 'after' in range ? Math.min(head, from + limit - 1) : Math.min(head, range.before - 1);
    const entries: Entry[] = [];
    for (let offset = from; offset <= to; offset++) {
      const event = this.#events[offset - 1];
      if (!event) continue;
      const { header, body, emptied } = event;
      entries.push({ header, body, ...(body === null && { emptied: emptied ?? 0 }) });
    }
    return { entries };
  }

  /** Lets nobody read what is below; ids stay. */
  trim(first: number): void {
    this.#first = Math.max(this.#first, Math.min(first, this.#events.length + 1));
  }

  /** Calls `report` with whatever is wrong: here only what a defect of ours could have done. */
  check(report: (problem: string) => void): { events: number; facts: number } {
    let n = 0;
    this.#events.forEach(({ header, body }, at) => {
      if (header.offset !== at + 1) report(`${this.name}: offset ${header.offset} stands at ${at + 1}`);
      if (header.n !== n && header.n !== n + 1) report(`${this.name}: n goes from ${n} to ${header.n} at ${header.offset}`);
      n = header.n;
      const empty = this.facts.has(`empty:${header.offset}`);
      if (header.offset >= this.#first && empty !== (body === null)) report(`${this.name}: empty:${header.offset} and its body disagree`);
    });
    for (const { key, offset, about } of this.facts.values()) {
      if (offset > this.#events.length || (about ?? 1) > this.#events.length)
        report(`${this.name}: the fact ${key} speaks of what is not there`);
    }
    return { events: this.#events.length, facts: this.facts.size };
  }

  #write({ key, value, about }: FactWrite, offset: number): void {
    const speaksOf = about === 'self' ? offset : about;
    this.facts.set(key, { channel: this.name, key, value, offset, ...(speaksOf !== undefined && { about: speaksOf }) });
  }

  #repeated(item: Item, offset: number): Outcome {
    const event = this.#events[offset - 1];
    if (!event) return rejected('id_conflict');
    const same = event.body === null || (event.header.kind === item.kind && event.body === item.body);
    if (!same) return rejected('id_conflict');
    const { n, ts } = event.header;
    return { status: 'duplicate', offset, n, ts };
  }
}

function rejected(code: Rejection): Outcome {
  return { status: 'rejected', code };
}
